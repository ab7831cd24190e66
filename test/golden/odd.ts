/**
 * What senders really sent beside what they document, in bodies of our own: invented people, invented ids, the shapes of
 * public ones. Each says what two other projects make of the same, django-anymail (anymail/webhooks) and Symfony's
 * Mailjet bridge (Mailer component), both read in November 2026, and whether that was followed.
 */

export interface Odd {
  /** Of `odd/<file>.body`; its first word is the sender. */
  readonly file: string
  readonly what: string
  readonly others: string
}

export const ODD: readonly Odd[] = [
  {
    file: 'momentum-not-utf8',
    what: 'bytes that are not UTF-8 in two elements of five (Momentum changelog 4.2.28)',
    others:
      'Anymail and Symfony decode the whole request and fail with it, so that the sender repeats it until it gives up. ' +
      'Not followed: a complaint beside such bytes would be lost.',
  },
  {
    file: 'momentum-other-classes',
    what: 'types in another class than their own, unknown classes, words that several classes have',
    others:
      'Anymail looks at the type alone. Followed for the public names; not for `success`, `error` and the raw names, ' +
      'which mean something in their own class only.',
  },
  {
    file: 'momentum-milliseconds',
    what: 'times in milliseconds, with a fraction, and none that can be',
    others:
      'Anymail has no time for what is past the year 9999, and the year 1970 for what is too small. Not followed: ' +
      'milliseconds are told by their size.',
  },
  {
    file: 'mailjet-milliseconds',
    what: 'times in milliseconds, and none that can be',
    others:
      'Symfony reads them as seconds, tens of thousands of years from now, Anymail has no time. Not followed, as for Momentum.',
  },
  {
    file: 'esputnik-times',
    what: 'dates with a zone and without, a number, dates that cannot be',
    others: 'Neither reads this sender.',
  },
  {
    file: 'momentum-channels',
    what: 'fields of several channels at once, as the samples of the vendor have them; events about no message',
    others:
      'Anymail takes everything for mail. Followed where the envelope recipient is a mail address and nothing says otherwise.',
  },
  {
    file: 'momentum-suppressed',
    what: 'recipients on a suppression list, by class and by the text of the reply',
    others:
      'Anymail goes by class 25 alone, and has no reason where there is no class. Not followed: the text says it.',
  },
  {
    file: 'momentum-vendor-samples',
    what: 'events of the test buttons of before 2016, and the two kinds that never had an id',
    others: 'Neither tells tests from events. Not followed: a test must not suppress anybody.',
  },
  {
    file: 'mailjet-tags-and-payload',
    what: 'customcampaign, CustomID and Payload',
    others:
      'Anymail: the campaign is the tag, Payload in JSON is the metadata, of any shape. Symfony: the custom id is the tag, ' +
      'the text of Payload is metadata under its name. Both followed for tags; Anymail for metadata, where it is an object.',
  },
  {
    file: 'momentum-addresses',
    what: 'one address in many writings',
    others:
      'Anymail hands on the address in the case in which it was sent: so is `recipient`. Not followed for `email`.',
  },
  {
    file: 'mailjet-addresses',
    what: 'one address in many writings, and what is none',
    others: 'Both hand on the address as it was sent: so is `recipient`. Not followed for `email`.',
  },
  { file: 'esputnik-addresses', what: 'one address in many writings', others: 'Neither reads this sender.' },
]
