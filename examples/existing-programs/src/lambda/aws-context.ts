/** The fields of the context of a call that this program uses. */
export interface AwsContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}
