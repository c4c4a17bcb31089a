/** What the platform hands to each call, as far as it is used. */
export interface AwsContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}
