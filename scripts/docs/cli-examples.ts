/** An example of each command: run by a test in a folder with a configuration and an inbox, `inbox.db`. */
export interface Example {
  readonly line: string
  /** What it may end with in that folder. Default 0 alone. */
  readonly codes?: readonly number[]
}

/** Where a server runs. */
export const SERVER = 'http://localhost:3000/webhooks/shop'

/** By the words of the command. `<delivery>`, `<other>` and `<event>` stand for ids, `SERVER` for where a server runs. */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  demo: [{ line: 'posthorn demo --once' }],
  serve: [{ line: 'posthorn serve --check' }],
  'inbox stats': [{ line: 'posthorn inbox stats' }, { line: 'posthorn inbox stats --inbox ./inbox.db --json' }],
  'inbox ls': [
    { line: 'posthorn inbox ls source:shop since:6h --limit 20' },
    { line: 'posthorn inbox ls --fields id,events,remarks --quiet' },
    { line: 'posthorn inbox ls --after <delivery> -v' },
  ],
  'inbox show': [
    { line: 'posthorn inbox show <delivery>' },
    { line: 'posthorn inbox show <event> --json' },
    { line: 'posthorn inbox show <delivery> --body' },
  ],
  'inbox events': [{ line: "posthorn inbox events 'type:bounced -bounce:soft since:6h'" }],
  'inbox message': [{ line: 'posthorn inbox message message-1 since:7d' }],
  'inbox person': [{ line: 'posthorn inbox person jo1@shop.example' }],
  'inbox dead': [{ line: 'posthorn inbox dead --group' }, { line: 'posthorn inbox dead handler:suppress since:1d' }],
  'inbox quarantine': [{ line: 'posthorn inbox quarantine source:news' }],
  'inbox handlers': [{ line: 'posthorn inbox handlers' }],
  'inbox senders': [{ line: 'posthorn inbox senders --utc' }],
  'inbox diff': [{ line: 'posthorn inbox diff' }, { line: 'posthorn inbox diff <delivery> <other>', codes: [1] }],
  'inbox retry': [
    { line: 'posthorn inbox retry handler:suppress --dry-run' },
    { line: 'posthorn inbox retry handler:suppress --rate 100 --at-most 1000 --yes' },
  ],
  'inbox replay': [{ line: 'posthorn inbox replay source:shop since:1d --to warehouse --yes' }],
  'inbox reparse': [{ line: 'posthorn inbox reparse --all --yes' }],
  'inbox drop': [{ line: 'posthorn inbox drop outcome:quarantined --yes' }],
  'inbox pause': [{ line: 'posthorn inbox pause warehouse --yes' }],
  'inbox resume': [{ line: 'posthorn inbox resume warehouse --yes' }],
  'inbox erase': [{ line: 'posthorn inbox erase jo1@shop.example --dry-run' }],
  'inbox prune': [{ line: 'posthorn inbox prune --yes' }],
  'inbox export': [{ line: 'posthorn inbox export jo1@shop.example > jo.ndjson' }],
  'inbox check': [{ line: 'posthorn inbox check --max-age 5m --max-dead 10 --max-quarantined 10 --silent shop=30m' }],
  'inbox backup': [{ line: 'posthorn inbox backup ./copy.db' }],
  'inbox copy': [{ line: 'posthorn inbox copy --inbox ./inbox.db --postgres postgres://posthorn@db.internal/events' }],
  'inbox migrate': [{ line: 'posthorn inbox migrate --postgres postgres://owner@db.internal/events' }],
  forward: [{ line: `posthorn forward --to ${SERVER} --from start --once source:shop` }],
  doctor: [{ line: 'posthorn doctor --inbox ./inbox.db --deep', codes: [0, 1] }],
  'bench-disk': [{ line: 'posthorn bench-disk . --count 20', codes: [0, 1] }],
  completion: [{ line: 'posthorn completion bash' }],
  send: [
    { line: 'posthorn send momentum.bounce --list' },
    { line: `posthorn send momentum.bounce --to ${SERVER} --set rcpt_to=jo@example.com --count 3` },
  ],
  read: [{ line: 'posthorn read momentum body.json' }],
  'emulate momentum': [{ line: 'posthorn emulate momentum --port 0 --messages 10 --rate 1000 --speed 36000x' }],
  'emulate sparkpost': [{ line: 'posthorn emulate sparkpost --port 0 --messages 10 --rate 1000 --speed 36000x' }],
  'emulate mailjet': [{ line: 'posthorn emulate mailjet --port 0 --messages 10 --rate 1000 --speed 36000x' }],
  'emulate esputnik': [{ line: 'posthorn emulate esputnik --port 0 --messages 10 --rate 1000 --speed 36000x' }],
  conformance: [{ line: `posthorn conformance --target ${SERVER} --as momentum --only repeat` }],
  'hooks ls': [{ line: 'posthorn hooks ls', codes: [2] }],
  'hooks plan': [{ line: 'posthorn hooks plan', codes: [2] }],
  'hooks apply': [{ line: 'posthorn hooks apply', codes: [2] }],
  'hooks test': [{ line: 'posthorn hooks test', codes: [2] }],
  'hooks rotate': [{ line: 'posthorn hooks rotate shop --to-env NEW_TOKEN', codes: [2] }],
  'hooks drift': [{ line: 'posthorn hooks drift', codes: [4] }],
}
