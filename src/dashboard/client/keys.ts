/** Keys, outside fields alone. What can be reached by them can be clicked, too. */

export interface Keys {
  isOn: boolean
  readonly do: {
    times(): void
    theme(): void
    pause(): void
    help(isOpen?: boolean): void
  }
}

/** Of those that there are more of, the first that can be seen. */
function find(selector: string): HTMLElement | undefined {
  return [...document.querySelectorAll<HTMLElement>(selector)].find((one) => one.offsetParent !== null)
}

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.matches('input, textarea, select') || target.isContentEditable)

let isGoing = false

export function listen(keys: Keys): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Escape') {
      keys.do.help(false)
      if (isField(event.target)) (event.target as HTMLElement).blur()
      return
    }
    if (!keys.isOn || isField(event.target)) return
    if (press(event.key, keys)) event.preventDefault()
  })
}

/** Whether the key was one. */
function press(key: string, keys: Keys): boolean {
  if (isGoing) {
    isGoing = false
    return click(`[data-go="${CSS.escape(key)}"]`)
  }
  switch (key) {
    case 'g':
      isGoing = true
      return true
    case '/':
      return focus('#search')
    case 'f':
      return focus('#filter')
    case 'j':
      return move(1)
    case 'k':
      return move(-1)
    case 'o':
      return open()
    case 'y':
      return copy()
    case 'u':
      keys.do.times()
      return true
    case 'p':
      keys.do.pause()
      return true
    case 't':
      keys.do.theme()
      return true
    case '?':
      keys.do.help()
      return true
    default:
      return key.length === 1 && click(`[data-key="${CSS.escape(key)}"]`)
  }
}

function click(selector: string): boolean {
  const found = find(selector)
  found?.click()
  return found !== undefined
}

function focus(selector: string): boolean {
  const found = find(selector)
  found?.focus()
  return found !== undefined
}

const links = () => [...document.querySelectorAll<HTMLElement>('[data-row] [data-open]')]

/** The row that has the focus, by its link: Enter opens it without help. */
function move(by: 1 | -1): boolean {
  const all = links()
  const at = all.indexOf(document.activeElement as HTMLElement)
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))]
  next?.focus()
  next?.scrollIntoView({ block: 'nearest' })
  return next !== undefined
}

function open(): boolean {
  const at = document.activeElement
  if (!(at instanceof HTMLAnchorElement)) return false
  window.open(at.href, '_blank', 'noopener')
  return true
}

function copy(): boolean {
  const at = document.activeElement?.closest('[data-row]')
  const id = at?.querySelector<HTMLElement>('[data-id]')?.dataset.id ?? find('[data-copy]')?.dataset.copy
  if (id === undefined) return false
  void toClipboard(id)
  return true
}

/** Buttons beside ids. */
export function copied(): void {
  document.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-copy]') : null
    if (button === null) return
    void toClipboard(button.dataset.copy ?? '').then((done) => {
      button.dataset.done = done ? 'yes' : 'no'
      setTimeout(() => delete button.dataset.done, 1_500)
    })
  })
}

/** On plain http there is no clipboard but the old command. */
async function toClipboard(text: string): Promise<boolean> {
  if (navigator.clipboard !== undefined)
    return await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    )
  const field = document.createElement('textarea')
  field.value = text
  document.body.append(field)
  field.select()
  const done = document.execCommand('copy')
  field.remove()
  return done
}
