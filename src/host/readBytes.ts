import { FormatError } from '../core/errors.ts';
import { files } from './files.ts';
import { hostName } from './host.ts';

/**
 * The bytes at a place: a URL, or, in Node and Deno, a path of the file system. In a page or worker a text is a URL
 * relative to it.
 *
 * @throws FormatError where the server answers with an error; the host's own error where the file does not exist.
 */
export async function readBytes(place: string | URL): Promise<Uint8Array> {
  const host = hostName();
  const isUrl = place instanceof URL || /^[a-z][a-z0-9+.-]+:\/\//i.test(place);
  const isFile = String(place).startsWith('file:') || (!isUrl && (host === 'node' || host === 'deno'));
  if (isFile) {
    const { readFile } = await files();
    return readFile(isUrl ? new URL(place) : place);
  }
  const response = await fetch(place);
  if (!response.ok)
    throw new FormatError(
      `${place} cannot be read: the server answers ${response.status} ${response.statusText}`,
    );
  return new Uint8Array(await response.arrayBuffer());
}
