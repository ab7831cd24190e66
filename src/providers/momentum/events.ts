/** The wire of Momentum and SparkPost. */
import { decimal, flag, id, integer, list, object, record, text, wire, type z } from '../../lib/wire-schema.ts'

const bounce = {
  event_id: id('Unique for each event.'),
  bounce_class: integer('Class of the bounce.'),
  rcpt_meta: record('What the application gave the message.'),
  rcpt_tags: list('Tags.'),
  subject: text('Subject, decoded.', { example: 'Summer deals' }),
  initial_pixel: flag('Whether there is a top pixel.'),
  geo_ip: object('Where.', { latitude: decimal('Latitude.'), city: text('City.') }),
}
export const schemas: Record<string, z.ZodType> = {
  'message_event.bounce': wire({ title: 'Bounce', description: 'Refused.', source: 'docs' }, bounce),
}
