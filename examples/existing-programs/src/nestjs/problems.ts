/** An exception filter: errors of `@fwk` are answered with their status and code, errors of NestJS with theirs, all others with 500 and no details. */
import { sendProblem } from '@fwk/http/protect';
import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';

@Catch()
export class Problems implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost) {
    sendProblem(host.switchToHttp().getResponse(), error);
  }
}

export const problems = { provide: APP_FILTER, useClass: Problems };
