/** The WebSocket to the server: JSON frames, requests with answers, reconnects by itself. */
const RECONNECT_MS = 250;

export class Link {
  #socket = null;
  #waiting = new Map();
  #comesUp = [];
  #nextRequest = 1;
  #closed = false;
  #onFrame;
  #onUp;
  #onDown;

  /** `onUp` is called at each connection, `onDown` when one ends and another will be tried. */
  constructor({ onFrame, onUp, onDown }) {
    this.#onFrame = onFrame;
    this.#onUp = onUp;
    this.#onDown = onDown;
  }

  open() {
    const socket = new WebSocket(`wss://${location.host}/ws/chat`);
    this.#socket = socket;
    socket.onopen = () => this.#onUp();
    socket.onmessage = (event) => this.#receive(JSON.parse(event.data));
    socket.onclose = () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the connection ended'));
      this.#waiting.clear();
      if (this.#closed) return;
      this.#onDown();
      setTimeout(() => this.#closed || this.open(), RECONNECT_MS);
    };
  }

  close() {
    this.#closed = true;
    this.#socket?.close();
  }

  /** Gives the connection up, whatever it is worth, and opens another. */
  renew() {
    this.#socket?.close();
  }

  get isUp() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** Sends a frame if the connection is up; says whether it was. */
  send(frame) {
    if (!this.isUp) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Sends a frame and waits for the answer to it. */
  request(frame) {
    const request = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(request, { resolve, reject });
      if (!this.send({ ...frame, request })) {
        this.#waiting.delete(request);
        reject(new Error('not connected'));
      }
    });
  }

  /**
   * Asks the server to do something, which may be asked twice: now, or once there is a connection, and again after each
   * one that ended without an answer.
   */
  async insist(frame) {
    for (;;) {
      const answer = await this.request(frame).catch(() => undefined);
      if (answer?.error) throw new Error(answer.error);
      if (answer) return answer;
      await new Promise((resolve) => this.#comesUp.push(resolve));
    }
  }

  /** Connected and welcome: what waited for it goes out. */
  isWelcome() {
    for (const resolve of this.#comesUp.splice(0)) resolve();
  }

  #receive(frame) {
    if (frame.type !== 'answer') return this.#onFrame(frame);
    this.#waiting.get(frame.request)?.resolve(frame.answer);
    this.#waiting.delete(frame.request);
  }
}
