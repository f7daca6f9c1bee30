/** What our own page functions touch of WhatsApp Web and of the helpers that whatsapp-web.js puts into it. */

export interface PageWid {
  readonly server: string;
  readonly user: string;
  readonly _serialized: string;
}

export interface PageMessage {
  readonly id: {
    readonly fromMe: boolean;
    readonly remote: PageWid;
    readonly id: string;
    readonly _serialized: string;
    readonly participant?: PageWid | string;
  };
  readonly from?: PageWid | string;
  readonly to?: PageWid | string;
  readonly author?: PageWid | string;
  readonly notifyName?: string;
  readonly subtype?: string | null;
  readonly ack: number;
  readonly t: number;
  readonly type: string;
  /** Announced as new, in difference to what the page loads from its history. */
  readonly isNewMsg?: boolean;
  readonly mediaData?: { readonly mediaStage?: string };
  readonly directPath?: string;
  readonly encFilehash?: string;
  readonly filehash?: string;
  readonly mediaKey?: string;
  readonly mediaKeyTimestamp?: number;
  readonly size?: number;
  downloadMedia(options: { downloadEvenIfExpensive: boolean; rmrReason: number }): Promise<void>;
  unsafe(): PageMessage;
  canReply?(): boolean;
}

/** A file that was fetched, or one to be sent. */
interface PageFile {
  readonly abort: AbortController;
  /** Fetched, as a whole. */
  bytes: ArrayBuffer | null;
  /** To be sent. */
  readonly parts: Blob[];
}

export interface PageChat {
  readonly id: PageWid;
  readonly t?: number;
  readonly formattedTitle?: string;
  readonly groupMetadata?: { readonly isLidAddressingMode?: boolean };
  readonly msgs: { getModelsArray(): PageMessage[] };
}

interface Listenable {
  on(event: string, listener: (...values: unknown[]) => void): void;
}

interface PageModules {
  WAWebSocketModel: {
    Socket: Listenable & { state: string; hasSynced: boolean; logout: () => Promise<void>; reconnect: () => void };
  };
  WAWebOfflineHandler: { OfflineMessageHandler: { getOfflineDeliveryProgress: () => unknown } };
  WAWebHistorySyncProgressModel: { getHistorySyncProgressModel: () => { readonly realProgress?: unknown } };
  WAWebCmd: { Cmd: { refreshQR: () => void } };
  WAWebAltDeviceLinkingApi:
    | {
        setPairingType: (type: string) => void;
        initializeAltDeviceLinking: () => Promise<void>;
        startAltLinkingFlow: (phone: string, notify: boolean) => Promise<string>;
      }
    | undefined;
  WAWebUserPrefsMultiDevice: { getADVSecretKey: () => string };
  WAWebWidFactory: { createWid: (id: string) => PageWid };
  WAWebUserPrefsMeUser: { getMaybeMePnUser: () => PageWid | undefined; getMaybeMeLidUser: () => PageWid | undefined };
  WAWebConnModel: { Conn: { pushname?: string } };
  WAWebApiContact: {
    getCurrentLid: (wid: PageWid) => PageWid | undefined;
    getPhoneNumber: (wid: PageWid) => PageWid | undefined;
  };
  WAWebQueryExistsJob: { queryWidExists: (wid: PageWid) => Promise<{ wid?: PageWid } | null | undefined> };
  WAWebChatLoadMessages: { loadEarlierMsgs: (options: { chat: PageChat }) => Promise<PageMessage[] | undefined> };
  WAWebSendReactionMsgAction: { sendReactionToMsg: (message: PageMessage, emoji: string) => Promise<unknown> };
  WAWebUpdateUnreadChatAction: { sendSeen: (options: { chat: PageChat; threadId: undefined }) => Promise<unknown> };
  WAWebStreamModel: { Stream: { markAvailable: () => void; markUnavailable: () => void } };
  WAWebDownloadManager: {
    downloadManager: { downloadAndMaybeDecrypt: (options: Record<string, unknown>) => Promise<ArrayBuffer> };
  };
  WAWebMsgReply: { canReplyMsg: (message: PageMessage) => boolean } | undefined;
  WAWebMsgKey: { prototype: { toString(this: object): string }; newId: () => string | Promise<string> };
  WAWebCollections: {
    Msg: {
      get: (id: string) => PageMessage | undefined;
      getModelsArray: () => PageMessage[];
      trigger?: (event: string, ...values: unknown[]) => unknown;
      getMessagesById: (ids: string[]) => Promise<{ messages?: PageMessage[] } | undefined>;
    };
    Chat: { get: (wid: PageWid | string) => PageChat | undefined; getModelsArray: () => PageChat[] };
    Contact: { get: (wid: PageWid | string) => { name?: string; pushname?: string } | undefined };
  };
}

/** What was loaded of a chat, oldest first, and the load that is under way. */
export interface LoadedHistory {
  ordered: PageMessage[];
  loading: Promise<number> | null;
}

/** A file to be sent, which the page holds under a token. */
export interface HeldFile {
  readonly token: string;
  readonly mimetype: string;
  readonly filename: string;
}

/** A send that the page did not carry out, or of which it does not know whether it did. */
export interface PageRefused {
  readonly sent: false;
  /** `reloading` and `lost-file` say nothing about the message; `before-id` and `after-id` are failures of the page itself. */
  readonly why: 'no-chat' | 'no-quoted' | 'reloading' | 'lost-file' | 'before-id' | 'after-id';
  readonly reason: string;
}

/** What `page-shims.ts` puts into each document. */
export interface ShimState {
  /** Differs between documents: a reload makes a new one. */
  readonly document: string;
  /** Makes the very next `MsgKey.newId()` return this id; taken back if nobody asks in the same turn. */
  choose(stanzaId: string): void;
  /** Whether a chosen id was handed out. */
  wasUsed(stanzaId: string): boolean;
  /** Ids of the messages whose sends this document is at work on. */
  readonly underWay: Set<string>;
  /** Work that outlasts a call into the page, until its outcome was asked for. */
  readonly jobs: Map<string, Promise<unknown>>;
  /** Files that were fetched or are to be sent, by token. */
  readonly files: Map<string, PageFile>;
  /** The first of a person's ids that the page knows; the very first where it knows none. */
  knownForm(ids: readonly [string, ...string[]]): string;
  /** Of chats that are being read. */
  readonly histories: Map<string, LoadedHistory>;
  /** Loads earlier messages of a chat, or goes on waiting for a load that is under way. @returns how many are new */
  loadEarlier(chat: PageChat, history: LoadedHistory): Promise<number>;
  begin(job: string, work: () => unknown): void;
  /**
   * The lid of an account that is named by its phone number, and the other way round; undefined if the page does not
   * know it, and for whatever has one name only, as a group has.
   */
  otherName(wid: PageWid): PageWid | undefined;
  /** The chat that the page has of an address, under whichever of its names; none is opened. */
  knownChat(wid: PageWid): PageChat | undefined;
  /**
   * Opens the chat with an account that the page may not have met; null if the page did not. Throws "No LID for user"
   * where the page does.
   */
  openChat(wid: PageWid): Promise<PageChat | 'no-account' | null>;
  /**
   * Every key that a message of this account may have: its chat goes by phone number or by lid, and in a group it bears the
   * one or the other of this account.
   */
  ownKeys(chatId: string, stanzaId: string): string[];
  /** Applies the shims that need the page's modules; true once they are in place. */
  apply(): boolean;
  /** Lets the library describe every message, also those that cannot be serialised. */
  guardModels(): void;
  /** The chat that a message to this id goes to; opened if it is that of an account. */
  chatToSendTo(chatId: string): Promise<{ readonly chat: PageChat } | PageRefused>;
  /** The id under which a message can be quoted in this chat. */
  quotable(messageId: string, chat: PageChat): Promise<{ readonly quotedId: string } | PageRefused>;
  /** The ids of the people mentioned, as this chat has them, and the text that names them so. */
  withMentions(
    message: { readonly text: string | null; readonly mentions: readonly (readonly [string, ...string[]])[] },
    chat: PageChat,
  ): { readonly text: string | null; readonly mentioned: readonly string[] };
  /** The file that the page holds, as the library sends it. */
  fileToSend(held: HeldFile): (Omit<HeldFile, 'token'> & { readonly file: File }) | PageRefused;
}

export interface PageWindow {
  require<Name extends keyof PageModules>(name: Name): PageModules[Name];
  wabridge: ShimState;
  Debug?: { readonly VERSION?: string };
  onAppStateHasSyncedEvent?(): Promise<void>;
  WWebJS?: {
    getChat(id: string, options: { getAsModel: false }): Promise<PageChat | null | undefined>;
    sendMessage(chat: PageChat, content: string, options: object): Promise<PageMessage | undefined>;
    sendChatstate(state: 'typing' | 'recording' | 'stop', chatId: string): Promise<boolean>;
    getMessageModel: ((message: PageMessage) => Record<string, unknown>) & { wabridge?: true };
    enforceLidAndPnRetrieval(id: string): Promise<{ lid?: PageWid; phone?: PageWid }>;
    /** Makes the file of a message to be sent. */
    mediaInfoToFile?: { (media: { readonly file?: File }): File; wabridge?: true };
    arrayBufferToBase64Async(buffer: ArrayBuffer): Promise<string>;
  };
}
