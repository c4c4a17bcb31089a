package fwk.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.twitter.finagle.context.Contexts;
import com.twitter.finagle.context.Deadline;
import com.twitter.finagle.context.MarshalledContext;
import com.twitter.finagle.tracing.Flags;
import com.twitter.finagle.tracing.SpanId;
import com.twitter.finagle.tracing.Trace;
import com.twitter.finagle.tracing.TraceId;
import com.twitter.io.Buf;
import com.twitter.io.Bufs;
import com.twitter.util.Duration;
import com.twitter.util.Return;
import com.twitter.util.Try;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import scala.Function0;
import scala.Option;
import scala.Some;
import scala.Tuple2;

/** What travels beside a payload: trace ids, deadline, and contexts with a text. */
final class CallContexts {
  private CallContexts() {}

  /** A broadcast context that carries a text. */
  private static final class TextKey extends MarshalledContext.Key<String> {
    TextKey(String id) {
      Contexts.broadcast().super(id);
    }

    @Override
    public Buf marshal(String value) {
      return Bufs.utf8Buf(value);
    }

    @Override
    public Try<String> tryUnmarshal(Buf buf) {
      return new Return<>(Bufs.asUtf8String(buf));
    }
  }

  /** Runs a call inside the trace, the deadline and the contexts that the command names. */
  static <R> R within(JsonNode command, Function0<R> call) {
    Function0<R> inner = call;
    JsonNode contexts = command.path("contexts");
    for (var names = contexts.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      Function0<R> next = inner;
      inner = () -> Contexts.broadcast().let(new TextKey(name), contexts.get(name).asText(), next);
    }
    if (command.has("deadlineMs")) {
      Deadline deadline = Deadline.ofTimeout(Duration.fromMilliseconds(command.get("deadlineMs").asLong()));
      Function0<R> next = inner;
      inner = () -> Contexts.broadcast().let(com.twitter.finagle.context.Deadline$.MODULE$, deadline, next);
    }
    if (command.has("trace")) {
      TraceId id = trace(command.get("trace"));
      Function0<R> next = inner;
      inner = () -> Trace.letId(id, true, next);
    }
    return inner.apply();
  }

  private static TraceId trace(JsonNode trace) {
    Option<Object> sampled = trace.has("sampled") ? new Some<>(trace.get("sampled").asBoolean()) : Option.empty();
    Option<SpanId> high = trace.has("high") ? SpanId.fromString(trace.get("high").asText()) : Option.empty();
    return new TraceId(
        SpanId.fromString(trace.get("trace").asText()),
        SpanId.fromString(trace.get("parent").asText()),
        SpanId.fromString(trace.get("span").asText()).get(),
        sampled,
        Flags.apply(),
        high);
  }

  /** What the call that is being served came with. */
  static Map<String, Object> current() {
    Map<String, Object> told = new LinkedHashMap<>();
    Map<String, String> raw = new LinkedHashMap<>();
    for (var pairs = Contexts.broadcast().marshal().iterator(); pairs.hasNext(); ) {
      Tuple2<Buf, Buf> pair = pairs.next();
      raw.put(Bufs.asUtf8String(pair._1()), HexFormat.of().formatHex(Bufs.ownedByteArray(pair._2())));
    }
    told.put("raw", raw);
    if (Trace.hasId()) {
      TraceId id = Trace.id();
      Map<String, Object> trace = new LinkedHashMap<>();
      trace.put("trace", id.traceId().toString());
      trace.put("parent", id.parentId().toString());
      trace.put("span", id.spanId().toString());
      if (id.traceIdHigh().isDefined()) trace.put("high", id.traceIdHigh().get().toString());
      if (id.getSampled().isDefined()) trace.put("sampled", id.getSampled().get());
      told.put("trace", trace);
    }
    Option<Deadline> deadline = Deadline.current();
    if (deadline.isDefined()) {
      told.put("remainingMs", deadline.get().remaining().inMilliseconds());
      told.put("grantedMs", deadline.get().deadline().diff(deadline.get().timestamp()).inMilliseconds());
    }
    return told;
  }

  static Duration milliseconds(long value) {
    return Duration.fromTimeUnit(value, TimeUnit.MILLISECONDS);
  }
}
