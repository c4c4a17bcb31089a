#!/usr/bin/env bash
# com.twitter:finagle-mux_2.13 24.2.0: the description of Mux says that Tdiscarded does not free a server from replying. A
# Finagle server replies to a call of which it has all fragments (by Rdiscarded), and not to one that is discarded amid its
# fragments. Finagle's client waits all the same: it never uses the tag again, and a session that is drained then does not
# end by itself. Free the tag at once when a request was not sent whole.
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

  public static void main(String[] none) throws Exception {
    ListeningServer server = serve(() -> new Promise<>());
    int port = ((InetSocketAddress) server.boundAddress()).getPort();
    byte[] call = {0, 0, 0, 2, '/', 'a', 0, 0};
    String expected = "a whole call is discarded: type -66, half a call is discarded: type -66";
    String seen = "a whole call is discarded: " + discard(port, frame(2, 2, call))
        + ", half a call is discarded: " + discard(port, frame(2, 2 | 1 << 23, call));
    String stated = "a whole call is discarded: type -66, half a call is discarded: no reply";

    System.out.println("expected: " + expected);
    System.out.println("seen:     " + seen);
    System.exit(seen.equals(stated) ? 0 : 1);
  }

  /** Sends a message with tag 2, then Tdiscarded for it. A ping tells that the server has read both. */
  static String discard(int port, byte[] message) throws IOException {
    byte[] tag = {0, 0, 2};
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(20_000);
      OutputStream out = socket.getOutputStream();
      out.write(message);
      out.write(frame(66, 0, tag));
      out.write(frame(65, 1, new byte[0]));
      DataInputStream in = new DataInputStream(socket.getInputStream());
      in.readInt();
      int type = in.readInt() >> 24;
      return type == -65 ? "no reply" : "type " + type;
    }
  }
}
PROGRAM
echo "with:     finagle-mux_2.13 24.2.0, $(java --version | head -1)"
java -cp "$(cat classpath)" Program.java 2> log || { tail -20 log; exit 1; }
