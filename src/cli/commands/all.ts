/** Options that every command takes. */
import { Option } from '@commander-js/extra-typings'

export const OF_ALL = () => [
  new Option('--quiet', 'no talk: data and errors alone').default(false),
  new Option('-v, --verbose', 'more talk: each log line, and the stack of an error').default(false),
  new Option('--no-color', 'no colours, as with NO_COLOR'),
]
