/** The oldest Node that the package runs on, major and minor; `engines` of package.json says the same. */
const OLDEST = [22, 18] as const

/** What is wrong with a Node of this version, as a sentence about `what`; null when nothing is. */
export function nodeFault(what: string, version = process.versions.node): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldest, oldestMinor] = OLDEST
  const isOld = major < oldest || (major === oldest && minor < oldestMinor)
  return isOld ? `${what} needs Node ≥ ${oldest}.${oldestMinor}, this is ${version}` : null
}
