/**
 * Names of Momentum's own event stream, and the types they are. Entries of webhooks have carried them for push messages
 * (SparkPost support docs, push notifications with SparkPost Enterprise, 2017; Ingest API documentation). `permfail` is
 * a vendor bug before Momentum 4.2.28.
 */
export const RAW_NAMES: Readonly<Record<string, string>> = {
  reception: 'injection',
  inband: 'bounce',
  permfail: 'bounce',
  outofband: 'out_of_band',
  tempfail: 'delay',
  rejection: 'policy_rejection',
  feedback: 'spam_complaint',
  gen_fail: 'generation_failure',
  gen_rejection: 'generation_rejection',
  link: 'link_unsubscribe',
  list: 'list_unsubscribe',
}
