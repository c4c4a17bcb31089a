package fwk.interop;

import com.twitter.finagle.Failure;
import com.twitter.finagle.FailureFlags;
import com.twitter.finagle.Service;
import com.twitter.finagle.mux.Request;
import com.twitter.finagle.mux.Response;
import com.twitter.finagle.mux.Responses;
import com.twitter.finagle.util.DefaultTimer;
import com.twitter.io.Bufs;
import com.twitter.util.Function;
import com.twitter.util.Future;
import com.twitter.util.Promise;
import java.util.Map;
import scala.runtime.BoxedUnit;

/** The operations that this server answers: the last part of the destination chooses one. */
final class Operations extends Service<Request, Response> {
  /** An error of the application: its text is the payload of the answer. */
  private static final class Refusal extends Exception {
    Refusal(String message) {
      super(message, null, false, false);
    }

    @Override
    public String toString() {
      return getMessage();
    }
  }

  @Override
  public Future<Response> apply(Request request) {
    Payload payload = Payload.read(request.body());
    String destination = request.destination().show();
    Lines.tell(
        "request",
        "destination", destination,
        "target", payload.target(),
        "bodyBytes", payload.body().length,
        "body", Payload.head(payload.body()),
        "digest", Payload.digest(payload.body()),
        "contexts", CallContexts.current());
    return answer(destination.substring(destination.lastIndexOf('/') + 1), payload);
  }

  private Future<Response> answer(String operation, Payload payload) {
    return switch (operation) {
      case "echo" -> value(payload.body());
      case "nothing" -> Future.value(Responses.empty());
      case "big" -> value(Payload.text(number(payload.target(), "size")));
      case "late" -> value(payload.body())
          .delayed(CallContexts.milliseconds(number(payload.target(), "ms")), DefaultTimer.getInstance());
      case "hang" -> hang(payload);
      case "refuse" -> Future.exception(new Refusal(Payload.head(payload.body())));
      case "fail" -> Future.exception(new IllegalStateException("the shelf is broken"));
      case "reject" -> Future.exception(Failure.RetryableNackFailure());
      case "rejectForGood" -> Future.exception(Failure.NonRetryableNackFailure());
      case "failForGood" -> Future.exception(
          Failure.apply("no second try", FailureFlags.NonRetryable()));
      default -> Future.exception(new Refusal("no operation " + operation));
    };
  }

  private static Future<Response> value(byte[] body) {
    return Future.value(Responses.make(Bufs.ownedBuf(body)));
  }

  /** Never answers by itself: it waits for the caller to give up, and tells when that is heard. */
  private static Future<Response> hang(Payload payload) {
    Promise<Response> answer = new Promise<>();
    answer.setInterruptHandler(Function.func(cause -> {
      Lines.tell("interrupted", "target", payload.target(), "cause", cause.toString(), "class", cause.getClass().getName());
      answer.updateIfEmpty(new com.twitter.util.Throw<>(cause));
      return BoxedUnit.UNIT;
    }));
    return answer;
  }

  private static int number(String target, String name) {
    int at = target.indexOf(name + "=");
    if (at < 0) throw new IllegalArgumentException("the target has no " + name);
    return Integer.parseInt(target.substring(at + name.length() + 1).split("&")[0]);
  }
}
