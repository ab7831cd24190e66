/**
 * Tests of your handlers and of your receiver, without any account: exported as `posthorn/testing`.
 *
 * Samples are our own, complete as the senders document them, and read by the same code as a delivery. They do not come
 * as test events: the vendors' samples do, since they all carry the same ids.
 */
export { type Delivered, deliver, deliveryRequest, type Failure } from './deliver.ts'
export { handlerContext } from './handler-context.ts'
export type { KnownEvent, KnownName, PayloadOf, TypeOf } from './known.ts'
export { moveClock } from './move-clock.ts'
export type { DeliveryOptions, TestBody } from './request.ts'
export { type SampleOptions, sampleEvent } from './sample-event.ts'
