/** Keeps the secrets of a call out of the texts that are made of its answer. */

/** The text with a mark in the place of every secret, each in the forms it travels in. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets.filter((secret) => secret !== '').flatMap(formsOf)
  // The longest first: a secret may be a part of another.
  return forms.sort((a, b) => b.length - a.length).reduce((rest, form) => rest.replaceAll(form, '…'), text)
}

function formsOf(secret: string): string[] {
  const inJson = JSON.stringify(secret).slice(1, -1)
  const base64 = Buffer.from(secret).toString('base64')
  return [
    ...new Set([secret, inJson, encodeURIComponent(secret), base64, Buffer.from(`${secret}:`).toString('base64')]),
  ]
}
