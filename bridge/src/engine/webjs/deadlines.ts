/** How long things may take, in milliseconds. Nothing in a browser is waited for without a limit. */

export interface Deadlines {
  /** Browser start, page load and the library's injection together. */
  readonly start: number;
  /** From a new document until it shows that it is WhatsApp Web. */
  readonly document: number;
  /** One call into the page. */
  readonly call: number;
  /** A send in the page, without media and with it. */
  readonly send: number;
  readonly media: number;
  /** Bytes per millisecond below which a line counts as broken: a large file may take longer. */
  readonly slowest: number;
  /** From the send until WhatsApp's server has taken the message. */
  readonly ack: number;
  /** How long the events of a chat wait for a message that cannot be read yet, so that it is reported in its place. */
  readonly decryption: number;
  /** How often the page is asked for messages that could not be read. */
  readonly undecrypted: number;
  /** How often the page is asked how far messages of this account have come. */
  readonly receipts: number;
  /** How long the page may take to load earlier messages of a chat before that counts as a failure. */
  readonly history: number;
  /** How long the events of a chat wait for what was missed before them, while the page answers. */
  readonly catchUpWait: number;
  /** When a chat that could not be read is tried again; each further pause is twice as long, up to 40 times this. */
  readonly catchUpAgain: number;
  /** How long a pairing code holds. */
  readonly pairingCode: number;
  /** A polite end of the browser, before it is killed. */
  readonly close: number;
  /** How often the page's state is looked at before the session is ready, and after. */
  readonly watchStarting: number;
  readonly watchReady: number;
  /**
   * How often a page that cannot be reached is asked for again, and how long it may take to come before that is not an
   * answer.
   */
  readonly reachEvery: number;
  readonly reachAnswer: number;
  /** How often browser and page are asked for a sign of life, and how long the browser may take to give it. */
  readonly livenessEvery: number;
  readonly browserAnswer: number;
  /** Questions in a row without an answer before the browser counts as dead. */
  readonly browserMisses: number;
  /** From when on a page that does not answer counts as silent. */
  readonly pageSilent: number;
  /** How long a page may do nothing without an answer, and how long it may compute without one. */
  readonly hungAfter: number;
  readonly busyAtMost: number;
  /** From when on it is told that a page is busy, or cannot be reached. */
  readonly busyTold: number;
  /** How often a session that is ready is examined, and how long the page may take to answer for that. */
  readonly examineEvery: number;
  readonly examine: number;
  /** How long a message may lie in the page's store before it must have been announced. */
  readonly announcementGrace: number;
  /** From an event that the bridge causes in the page until it has to arrive. */
  readonly listenerProbe: number;
  /** Without a word from WhatsApp for so long its server is asked, and how long it may take to answer. */
  readonly lineAfter: number;
  readonly lineAnswer: number;
  /** For how long the page may leave unanswered what WhatsApp's server sends, before another connection is opened. */
  readonly unanswered: number;
  /** Without a word for so long another connection is opened, even though the server answers. */
  readonly quietAfter: number;
  /** How long a remedy may take to prove itself. */
  readonly proveRefresh: number;
  readonly proveReload: number;
  readonly proveNewPage: number;
  /** From a finished sync to `ready`, before the library is told again. */
  readonly readyAfterSync: number;
}

export const DEADLINES: Deadlines = {
  start: 90_000,
  document: 30_000,
  call: 30_000,
  send: 45_000,
  media: 120_000,
  slowest: 128,
  ack: 30_000,
  decryption: 10_000,
  undecrypted: 15_000,
  receipts: 60_000,
  history: 10_000,
  catchUpWait: 60_000,
  catchUpAgain: 15_000,
  pairingCode: 180_000,
  close: 5_000,
  watchStarting: 500,
  watchReady: 10_000,
  reachEvery: 5_000,
  reachAnswer: 10_000,
  livenessEvery: 5_000,
  browserAnswer: 15_000,
  browserMisses: 3,
  pageSilent: 10_000,
  hungAfter: 45_000,
  busyAtMost: 10 * 60_000,
  busyTold: 30_000,
  examineEvery: 30_000,
  examine: 15_000,
  announcementGrace: 5_000,
  listenerProbe: 5_000,
  lineAfter: 5 * 60_000,
  lineAnswer: 20_000,
  unanswered: 60_000,
  quietAfter: 60 * 60_000,
  proveRefresh: 20_000,
  proveReload: 60_000,
  proveNewPage: 90_000,
  readyAfterSync: 1_500,
};

/** How long a file of this size may take on its way through the page. */
export const forFile = ({ media, slowest }: Deadlines, sizeBytes: number): number => media + sizeBytes / slowest;

/** The way to the page is broken or too slow: what was asked may or may not have happened. */
export class TransportError extends Error {
  /** It took too long and may still come back; otherwise it was cut off. */
  readonly late: boolean;

  constructor(what: string, options?: { cause?: unknown; late?: boolean }) {
    super(what, options);
    this.name = 'TransportError';
    this.late = options?.late ?? false;
  }
}
