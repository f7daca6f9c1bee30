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
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

export const read = (store, key) => run(store, 'readonly', (objects) => objects.get(key));
export const readAll = (store) => run(store, 'readonly', (objects) => objects.getAll());
export const write = (store, key, value) => run(store, 'readwrite', (objects) => objects.put(value, key));
export const remove = (store, key) => run(store, 'readwrite', (objects) => objects.delete(key));

/** The stored messages of a chat, oldest first; those of one second in the order in which they came. */
export async function readChat(chat) {
  const wires = await run('messages', 'readonly', (objects) => objects.index('chat').getAll(chat));
  return wires.sort((a, b) => a.t - b.t || (a.place ?? 0) - (b.place ?? 0));
}

export async function wipe() {
  for (const store of STORES) await run(store, 'readwrite', (objects) => objects.clear());
}
