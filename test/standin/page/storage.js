/** What the page keeps between starts, in IndexedDB (it survives a kill, localStorage may not). */
const STORES = ['values', 'messages', 'chats', 'votes'];

const opened = new Promise((resolve, reject) => {
  const request = indexedDB.open('standin', 1);
  request.onupgradeneeded = () => {
    const [, messages] = STORES.map((name) => request.result.createObjectStore(name));
    messages.createIndex('chat', 'chat');
  };
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function run(store, mode, work) {
  const transaction = (await opened).transaction(store, mode);
  const request = work(transaction.objectStore(store));
  await ended(transaction);
  return request.result;
}

const ended = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });

export const read = (store, key) => run(store, 'readonly', (objects) => objects.get(key));
export const readAll = (store) => run(store, 'readonly', (objects) => objects.getAll());
export const write = (store, key, value) => run(store, 'readwrite', (objects) => objects.put(value, key));
export const remove = (store, key) => run(store, 'readwrite', (objects) => objects.delete(key));

/** Changes a value that is there, in one transaction. Resolves with what it was, undefined where there was none. */
export async function update(store, key, change) {
  const transaction = (await opened).transaction(store, 'readwrite');
  const objects = transaction.objectStore(store);
  const request = objects.get(key);
  request.onsuccess = () => {
    if (request.result !== undefined) objects.put(change(request.result), key);
  };
  await ended(transaction);
  return request.result;
}

/** Keeps a message and its chat, in one transaction; says whether the message was new. */
export async function keep(id, wire, chat) {
  const transaction = (await opened).transaction(['messages', 'chats'], 'readwrite');
  const messages = transaction.objectStore('messages');
  const request = messages.getKey(id);
  request.onsuccess = () => {
    if (request.result !== undefined) return;
    messages.put(wire, id);
    transaction.objectStore('chats').put(chat, chat.id);
  };
  await ended(transaction);
  return request.result === undefined;
}

/** The stored messages of a chat, oldest first; those of one second in the order in which they came. */
export async function readChat(chat) {
  const wires = await run('messages', 'readonly', (objects) => objects.index('chat').getAll(chat));
  return wires.sort((a, b) => a.t - b.t || (a.place ?? 0) - (b.place ?? 0));
}

export async function wipe() {
  for (const store of STORES) await run(store, 'readwrite', (objects) => objects.clear());
}
