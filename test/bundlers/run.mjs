import { main } from './program.mjs'

main().then((said) => console.log(said))
