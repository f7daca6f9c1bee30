/**
 * One message that the page cannot serialise must neither be lost nor keep others from being told: what can be read of it
 * is told instead.
 */
import type { PageMessage, PageWid, PageWindow, ShimState } from '../page-window.ts';

declare const window: PageWindow;

export function modelShims(): Pick<ShimState, 'guardModels'> {
  return {
    guardModels() {
      const helpers = window.WWebJS;
      if (!helpers || helpers.getMessageModel.wabridge) return;
      const modelOf = helpers.getMessageModel;
      helpers.getMessageModel = Object.assign(
        (message: PageMessage) => {
          try {
            const model = modelOf(message);
            // What cannot travel would fail later, together with everything that travels with it.
            JSON.stringify(model);
            return model;
          } catch {
            return remainsOf(message);
          }
        },
        { wabridge: true as const },
      );
    },
  };
}

/** What can be read of a message that cannot be serialised. */
export function remainsOf(message: PageMessage): Record<string, unknown> {
  const read = <Value>(get: () => Value): Value | undefined => {
    try {
      return get();
    } catch {
      return undefined;
    }
  };
  const textOf = (get: () => PageWid | string | undefined): string | undefined => {
    const id = read(get);
    return typeof id === 'object' ? read(() => id._serialized) : id;
  };
  const { id } = message;
  const participant = textOf(() => id.participant);
  return {
    unreadable: true,
    id: {
      fromMe: read(() => id.fromMe) === true,
      remote: textOf(() => id.remote),
      id: read(() => id.id),
      _serialized: read(() => id._serialized),
      ...(participant === undefined ? {} : { participant }),
    },
    type: read(() => message.type) ?? 'unknown',
    subtype: read(() => message.subtype) ?? null,
    t: read(() => message.t),
    ack: read(() => message.ack),
    from: textOf(() => message.from),
    to: textOf(() => message.to),
    author: textOf(() => message.author),
    notifyName: read(() => message.notifyName),
  };
}
