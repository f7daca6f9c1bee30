/** What a message needs before it can be sent: its chat, what it quotes, whom it mentions, its file. */
import type { PageRefused, PageWindow, ShimState } from '../page-window.ts';

declare const window: PageWindow;

export function sendShims(): Pick<ShimState, 'chatToSendTo' | 'quotable' | 'withMentions' | 'fileToSend'> {
  const refused = (why: PageRefused['why'], reason: string): PageRefused => ({ sent: false, why, reason });
  return {
    async chatToSendTo(chatId) {
      const wid = window.require('WAWebWidFactory').createWid(chatId);
      const known = window.wabridge.knownChat(wid);
      if (known) return { chat: known };
      if (wid.server === 'g.us') return refused('no-chat', 'this account is not in the group');
      const chat = await window.wabridge.openChat(wid);
      if (chat === 'no-account') return refused('no-chat', 'no account has this number');
      return chat ? { chat } : refused('no-chat', 'WhatsApp Web did not open the chat');
    },
    async quotable(messageId, { id: chatId }) {
      const { Msg } = window.require('WAWebCollections');
      const quoted =
        Msg.get(messageId) ??
        (await Msg.getMessagesById([messageId]))?.messages?.[0] ??
        // A chat that has moved from the number to the lid has taken its messages with it.
        Msg.getModelsArray().find(
          ({ id }) => id.id === messageId.split('_')[2] && id.remote._serialized === chatId._serialized,
        );
      if (!quoted) return refused('no-quoted', 'WhatsApp Web does not have the message to quote');
      const reply = window.require('WAWebMsgReply');
      const allowed = reply ? reply.canReplyMsg(quoted.unsafe()) : quoted.canReply?.();
      if (!allowed) return refused('no-quoted', 'WhatsApp does not allow this message to be quoted');
      return { quotedId: quoted.id._serialized };
    },
    withMentions({ text: written, mentions }, chat) {
      const { createWid } = window.require('WAWebWidFactory');
      const { getCurrentLid } = window.require('WAWebApiContact');
      let text = written;
      const mentioned = mentions.map((ids) => {
        const known = window.wabridge.knownForm(ids);
        const lid = chat.groupMetadata?.isLidAddressingMode ? getCurrentLid(createWid(known)) : undefined;
        const person = lid?._serialized ?? known;
        // A mention whose number in the text is written otherwise than its id would be plain text.
        const inText = `@${person.split('@')[0]}`;
        for (const id of ids) text = text?.replaceAll(`@${id.split('@')[0]}`, inText) ?? null;
        return person;
      });
      return { text, mentioned };
    },
    fileToSend({ token, mimetype, filename }) {
      const parts = window.wabridge.files.get(token)?.parts;
      if (!parts) return refused('lost-file', 'WhatsApp Web has lost the file');
      const helpers = window.WWebJS;
      if (!helpers?.mediaInfoToFile)
        return refused('before-id', 'this version of WhatsApp Web or of its library does not accept files');
      const { mediaInfoToFile } = helpers;
      // The library makes a file of one long text; it gets the one that is here already.
      if (!mediaInfoToFile.wabridge)
        helpers.mediaInfoToFile = Object.assign((info: { file?: File }) => info.file ?? mediaInfoToFile(info), {
          wabridge: true as const,
        });
      return { mimetype, filename, file: new File(parts, filename, { type: mimetype }) };
    },
  };
}
