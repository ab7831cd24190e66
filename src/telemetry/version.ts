/** Of this package: a test compares it with the manifest, since a bundle has no manifest beside it. */
export const version = '0.1.0'
