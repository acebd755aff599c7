// What one writes first: a call of koffi's that blocks for each wait, on the threads that Node.js has for files.
import koffi from 'koffi';
import { libraryPath } from 'asynchron';

const library = koffi.load(libraryPath);
const get = library.func('int32_t asynchron_get(uintptr_t a, void *value)');
const getBytes = library.func('int32_t asynchron_get_bytes(uintptr_t a, void *data, size_t size, void *length)');
const create = library.func('uintptr_t asynchron_create(const char *name)');
const release = library.func('void asynchron_release(uintptr_t a)');

/** An asynchron of the naive binding: `await` holds one of the four threads until it is complete. */
export class Naive {
  #handle = create(null);
  #value = new BigUint64Array(2);

  get handle() {
    return this.#handle;
  }

  then(fulfilled, rejected) {
    return new Promise((resolve, reject) => {
      get.async(this.#handle, this.#value, (error, status) => {
        if (error) return reject(error);
        if (status !== 0) return reject(new Error(`status ${status}`));
        const bytes = Buffer.allocUnsafe(Number(this.#value[1]));
        getBytes(this.#handle, bytes, bytes.length, null);
        resolve(bytes);
      });
    }).then(fulfilled, rejected);
  }

  release() {
    release(this.#handle);
  }
}
