/** What linked devices request from WhatsApp's server: messages, message actions, typing, groups. */
import type { Account } from './account.ts';
import type { MessageActions } from './message-actions.ts';
import type { Device } from './device.ts';
import type { PageAction, PageFrame, PageRequest, WireMessage } from './frames.ts';
import type { Groups } from './groups.ts';
import { idOf } from './stored-message.ts';
import { ACK, type MessageRouter } from './message-router.ts';

/** How the server behaves; see the fields of `Network`. */
export interface ServerBehaviour {
  readonly refuses: boolean;
  readonly swallows: boolean;
  readonly holdsAcks: boolean;
  find(id: string): Account | undefined;
}

type OtherFrame = Exclude<
  PageFrame,
  PageRequest | { readonly type: 'hello' | 'got' | 'send' | 'refresh' | 'takeover' }
>;

export class DeviceRequests {
  readonly #server: ServerBehaviour;
  readonly #router: MessageRouter;
  readonly #actions: MessageActions;
  readonly #groups: Groups;

  constructor(server: ServerBehaviour, router: MessageRouter, actions: MessageActions, groups: Groups) {
    this.#server = server;
    this.#router = router;
    this.#actions = actions;
    this.#groups = groups;
  }

  /** Repeating a stanza delivers it once, as the real server does. */
  send(account: Account, device: Device, message: WireMessage): void {
    const id = idOf({ ...message, fromMe: true });
    device.ids.set(message.stanza, id);
    if (this.#server.swallows) return;
    const to = this.#groups.find(message.chat) ?? this.#server.find(message.chat);
    if (this.#server.refuses || !to) return device.keep({ type: 'ack', id, ack: ACK.refused });
    if (this.#router.find(message.stanza)) return this.#router.report(message.stanza);
    this.#router.route(account, to, message.stanza, message, { by: device });
  }

  /** Does something to a message. Gives the server's answer, undefined where it gives none. */
  applyAction(account: Account, device: Device, applyAction: PageAction): { ok: true } | { error: string } | undefined {
    if (this.#server.swallows) return undefined;
    if (this.#server.refuses) return { error: 'not-acceptable' };
    if (!this.#router.find(applyAction.stanza)) return { error: 'item-not-found' };
    if (applyAction.type === 'react') this.#actions.react(account, applyAction.stanza, applyAction.emoji);
    else if (applyAction.type === 'edit') this.#actions.edit(account, applyAction.stanza, applyAction.body, device);
    else if (applyAction.type === 'revoke') this.#actions.revoke(account, applyAction.stanza, device);
    else this.#actions.vote(account, applyAction.stanza, applyAction.options);
    return this.#server.holdsAcks ? undefined : { ok: true };
  }

  /** The rest, which gets no answer. What makes no sense is dropped. */
  handle(account: Account, device: Device, handle: OtherFrame): void {
    switch (handle.type) {
      case 'seen':
        return this.#router.seen(account, handle.chat, device);
      case 'delete':
        return this.#router.find(handle.stanza) && this.#actions.delete(account, handle.stanza, device);
      case 'chatstate': {
        const to = this.#groups.find(handle.chat)?.members ?? [this.#server.find(handle.chat)];
        for (const other of to)
          if (other && other !== account)
            this.#router.tell(other, { kind: 'chatstate', by: account, chat: handle.chat, state: handle.state });
        return;
      }
      case 'presence':
        account.available = handle.available;
        return;
      case 'reject-call': {
        const caller = this.#server.find(handle.to);
        return caller && this.#router.tell(caller, { kind: 'call-rejected', by: account, call: handle.call });
      }
      case 'resend':
        if (account.resendsUndecrypted) for (const stanza of handle.stanzas) this.#router.decrypt(stanza);
        return;
      case 'leave':
      case 'rename': {
        const group = this.#groups.find(handle.chat);
        if (!group?.members.includes(account)) return;
        if (handle.type === 'leave') this.#groups.leave(group, account);
        else this.#groups.rename(group, account, handle.subject);
      }
    }
  }
}
