/** The stored bytes hashed again by whoever looks at them, and not by whoever stores them. */

/** Buttons beside hashes. Only where the browser has the means: over https, and on this machine. */
export function checked(): void {
  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-check]') : null
    if (button === null) return
    const { check = '', sha256 = '' } = button.dataset
    void hashOf(check).then((hash) => {
      button.textContent = hash === null ? 'could not be read' : hash === sha256 ? 'the same here' : 'another here'
    })
  })
}

/** null: there are no bytes, or no means. */
async function hashOf(address: string): Promise<string | null> {
  try {
    const answer = await fetch(address, { redirect: 'error', cache: 'no-store' })
    if (!answer.ok) return null
    const digest = await crypto.subtle.digest('SHA-256', await answer.arrayBuffer())
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  } catch {
    return null
  }
}
