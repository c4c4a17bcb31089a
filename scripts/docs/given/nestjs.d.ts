/** What the page for users of Nest needs of it; Nest is not installed here. */
declare module '@nestjs/common' {
  export function Injectable(): ClassDecorator;
}
