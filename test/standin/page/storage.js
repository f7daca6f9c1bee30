/** What the page keeps between starts, in IndexedDB (it survives a kill, localStorage may not). */
const opened = new Promise((resolve, reject) => {
  const request = indexedDB.open('standin', 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore('values');
    request.result.createObjectStore('messages');
    request.result.createObjectStore('chats');
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

export async function wipe() {
  for (const store of ['values', 'messages', 'chats']) await run(store, 'readwrite', (objects) => objects.clear());
}
