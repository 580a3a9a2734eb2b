// SHA-256 by the browser's own crypto. It exists on https and localhost only;
// elsewhere the portal does not run (the session cookie is Secure too).

export async function sha256(data: ArrayBuffer): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', data))
}

export function base64(b: Uint8Array): string {
  let s = ''
  for (const x of b) s += String.fromCharCode(x)
  return btoa(s)
}

export function hex(b: Uint8Array): string {
  return Array.from(b, (x) => x.toString(16).padStart(2, '0')).join('')
}

export const utf8 = (s: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(s)
