package fwk.interop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** One JSON object a line: commands come in on stdin, what happened goes out on stdout. */
final class Lines {
  private static final ObjectMapper json = new ObjectMapper();

  interface Command {
    void run(JsonNode command) throws Exception;
  }

  private Lines() {}

  /** Writes one event. The arguments are keys and values in turn. */
  static void tell(String event, Object... pairs) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("event", event);
    for (int i = 0; i < pairs.length; i += 2) line.put((String) pairs[i], pairs[i + 1]);
    try {
      String text = json.writeValueAsString(line);
      synchronized (json) {
        System.out.println(text);
        System.out.flush();
      }
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }

  /** Runs each command until stdin ends. A command that fails is told and does not end the program. */
  static void each(Command command) throws IOException {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      try {
        command.run(json.readTree(line));
      } catch (Exception error) {
        tell("bad-command", "line", line, "error", error.toString());
      }
    }
  }
}
