package fwk.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.twitter.finagle.FailureFlags;
import com.twitter.finagle.Mux;
import com.twitter.finagle.Mux$param$MaxFrameSize$;
import com.twitter.finagle.Path;
import com.twitter.finagle.Service;
import com.twitter.finagle.mux.Request;
import com.twitter.finagle.mux.Requests;
import com.twitter.finagle.mux.Response;
import com.twitter.finagle.service.RetryBudgets;
import com.twitter.finagle.mux.ClientDiscardedRequestException;
import com.twitter.io.Bufs;
import com.twitter.util.Await;
import com.twitter.util.Function;
import com.twitter.util.Future;
import com.twitter.util.StorageUnit;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import scala.runtime.BoxedUnit;

/**
 * A Mux client of Finagle.
 * Arguments: the port, and the largest fragment that it wants to receive, in bytes (0: their default).
 * Commands: {"id":1,"to":"/a/b","target":"/x","body":"…" or "size":N,"contexts":{},"deadlineMs":N,"trace":{}}, {"discard":1}, {"do":"close"}.
 * It ends when stdin ends.
 */
public final class PeerClient {
  private final Service<Request, Response> service;
  private final Map<Integer, Future<Response>> calls = new HashMap<>();

  private PeerClient(Service<Request, Response> service) {
    this.service = service;
  }

  public static void main(String[] arguments) throws Exception {
    int maxFrame = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 0;
    Mux.Client client = (Mux.Client) Mux.client().withRetryBudget(RetryBudgets.EMPTY);
    client = (Mux.Client) client.withSessionQualifier().noFailFast();
    client = (Mux.Client) client.withSessionQualifier().noFailureAccrual();
    if (maxFrame > 0) {
      client = (Mux.Client) client.configured(new Mux$param$MaxFrameSize$().apply(new StorageUnit(maxFrame)).mk());
    }
    PeerClient peer = new PeerClient(client.newService("127.0.0.1:" + arguments[0], "peer"));
    Lines.tell("ready");
    Lines.each(peer::run);
    Await.ready(peer.service.close(), CallContexts.milliseconds(2000));
    System.exit(0);
  }

  private void run(JsonNode command) {
    if (command.has("discard")) {
      calls.get(command.get("discard").asInt()).raise(new Exception("the caller gave up"));
    } else if (command.path("do").asText().equals("close")) {
      service.close().respond(Function.cons(result -> Lines.tell("closed", "result", result.toString())));
    } else {
      call(command);
    }
  }

  private void call(JsonNode command) {
    int id = command.get("id").asInt();
    byte[] body = command.has("size")
        ? Payload.text(command.get("size").asInt())
        : command.path("body").asText().getBytes(StandardCharsets.UTF_8);
    Request request = Requests.make(
        Path.read(command.get("to").asText()), new Payload(command.path("target").asText(), body).write());
    Future<Response> answer = CallContexts.within(command, () -> service.apply(request));
    calls.put(id, answer);
    answer.onSuccess(Function.cons(response -> success(id, response)));
    answer.onFailure(Function.cons(failure -> failure(id, failure)));
  }

  private static void success(int id, Response response) {
    byte[] body = Bufs.ownedByteArray(response.body());
    Map<String, String> contexts = new LinkedHashMap<>();
    for (var pairs = response.contexts().iterator(); pairs.hasNext(); ) {
      var pair = pairs.next();
      contexts.put(Bufs.asUtf8String(pair._1()), Bufs.asUtf8String(pair._2()));
    }
    Lines.tell(
        "answer",
        "id", id,
        "bodyBytes", body.length,
        "body", Payload.head(body),
        "digest", Payload.digest(body),
        "contexts", contexts);
  }

  private static void failure(int id, Throwable failure) {
    boolean flagged = failure instanceof FailureFlags;
    Throwable cause = failure.getCause();
    Lines.tell(
        "failure",
        "id", id,
        "class", failure.getClass().getName(),
        "text", String.valueOf(failure.getMessage()),
        "cause", cause == null ? null : cause.toString(),
        "retryable", flagged && ((FailureFlags<?>) failure).isFlagged(FailureFlags.Retryable()),
        "rejected", flagged && ((FailureFlags<?>) failure).isFlagged(FailureFlags.Rejected()),
        "nonRetryable", flagged && ((FailureFlags<?>) failure).isFlagged(FailureFlags.NonRetryable()));
  }
}
