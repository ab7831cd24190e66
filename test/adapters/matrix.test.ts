import { describeAdapters } from '../contracts/adapters.ts'
import { createScriptedReceiver } from '../support/scripted-receiver.ts'

describeAdapters('a scripted receiver', createScriptedReceiver)
