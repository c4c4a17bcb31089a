/** An answer of a management endpoint that is not plain JSON with status 200. */
export class ManagementReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;

  constructor(status: number, contentType: string, body: string) {
    this.status = status;
    this.contentType = contentType;
    this.body = body;
  }
}
