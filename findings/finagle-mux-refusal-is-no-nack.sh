#!/usr/bin/env bash
# com.twitter:finagle-mux_2.13 24.2.0: a service that refuses a call before it works on it fails with a Failure flagged
# Rejected, and Mux has the status 2 (NACK) for it. A Finagle server sends that only where the call may be tried again. The
# refusal that is made for the other case, NonRetryableNackFailure, goes as status 1, an error of the application; only the
# context MuxFailure says that nothing was done. Read it also where the status is 1.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > pom.xml <<'POM'
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>com.twitter</groupId>
      <artifactId>finagle-mux_2.13</artifactId>
      <version>24.2.0</version>
    </dependency>
  </dependencies>
</project>
POM
mvn -q -B -Dstyle.color=never org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath -Dmdep.outputFile=classpath

cat > Program.java <<'PROGRAM'
import com.twitter.finagle.*;
import com.twitter.finagle.mux.*;
import com.twitter.util.*;
import java.io.*;
import java.net.*;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

class Program {
  static ListeningServer serve(Supplier<Future<Response>> answer) {
    return Mux.server().serve(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), new Service<Request, Response>() {
      @Override
      public Future<Response> apply(Request request) {
        return answer.get();
      }
    });
  }

  static byte[] frame(int type, int tag, byte[] body) {
    return ByteBuffer.allocate(8 + body.length).putInt(4 + body.length).putInt(type << 24 | tag).put(body).array();
  }

  /** A call with one context and no payload. */
  static byte[] call(String destination, byte[] context) {
    byte[] to = destination.getBytes(StandardCharsets.UTF_8);
    ByteBuffer body = ByteBuffer.allocate(2 + 2 + 1 + 2 + context.length + 2 + to.length + 2);
    body.putShort((short) 1).putShort((short) 1).put((byte) 'x').putShort((short) context.length).put(context);
    body.putShort((short) to.length).put(to).putShort((short) 0);
    return frame(2, 2, body.array());
  }

  /** Sends a message on a new connection. @return the head and the body of what comes back; null when the connection ends */
  static Reply ask(int port, byte[] message) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(20_000);
      socket.getOutputStream().write(message);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      byte[] body = new byte[in.readInt() - 4];
      int head = in.readInt();
      in.readFully(body);
      return new Reply(head >> 24, body);
    } catch (EOFException end) {
      return null;
    }
  }

  record Reply(int type, byte[] body) {}

  public static void main(String[] none) throws Exception {
    String expected = "RetryableNackFailure: status 2, NonRetryableNackFailure: status 2";
    String seen = "RetryableNackFailure: status " + status(Failure.RetryableNackFailure())
        + ", NonRetryableNackFailure: status " + status(Failure.NonRetryableNackFailure());
    String stated = "RetryableNackFailure: status 2, NonRetryableNackFailure: status 1";

    System.out.println("expected: " + expected);
    System.out.println("seen:     " + seen);
    System.exit(seen.equals(stated) ? 0 : 1);
  }

  static int status(Failure failure) throws IOException {
    ListeningServer server = serve(() -> Future.exception(failure));
    int port = ((InetSocketAddress) server.boundAddress()).getPort();
    return ask(port, call("/a", new byte[0])).body()[0];
  }
}
PROGRAM
echo "with:     finagle-mux_2.13 24.2.0, $(java --version | head -1)"
java -cp "$(cat classpath)" Program.java 2> log || { tail -20 log; exit 1; }
