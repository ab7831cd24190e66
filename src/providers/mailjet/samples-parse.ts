/** A mail of the Parse API with every field that it can have; values of our own. */
import type { Samples } from '../kit/samples.ts'

export const mailjetParseSamples = {
  'mailjet.parse': {
    inbound: {
      Sender: 'jo@shop.example',
      Recipient: 'help@in.shop.example',
      Date: '20260528T202640',
      From: 'Jo <jo@shop.example>',
      Subject: 'A question',
      Headers: {
        Received: ['from mail.shop.example by parse.mailjet.com', 'from localhost by mail.shop.example'],
        'Message-ID': '<4711@shop.example>',
        From: 'Jo <jo@shop.example>',
        To: 'help@in.shop.example',
        Subject: 'A question',
        'Content-Type': ['multipart/mixed; boundary="border"'],
      },
      Parts: [
        { Headers: { 'Content-Type': 'text/plain; charset=UTF-8' }, ContentRef: 'Text-part' },
        { Headers: { 'Content-Type': 'text/html; charset=UTF-8' }, ContentRef: 'Html-part' },
        {
          Headers: {
            'Content-Type': 'application/pdf',
            'Content-Disposition': 'attachment; filename="parcel.pdf"',
            'Content-Transfer-Encoding': 'base64',
          },
          ContentRef: 'Attachment1',
        },
      ],
      'Text-part': 'Where is my parcel?',
      'Html-part': '<p>Where is my parcel?</p>',
      Attachment1: 'JVBERi0xLjQK',
      SpamAssassinScore: '0.602',
      CustomID: 'order-4711',
      Payload: '{"order":4711}',
    },
  },
} as const satisfies Samples
