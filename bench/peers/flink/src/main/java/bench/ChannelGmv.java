package bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.StatementSet;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/**
 * Runs channelgmv.sql over files in an embedded Flink of parallelism 2: object reuse on, state on the heap, no
 * checkpoints, the result thrown away. Prints a JSON line per run; the first one warms the JVM up. If asked for, a last
 * run keeps the final table and prints it, a JSON line per row.
 *
 * <p>Arguments: folder, SQL file, the query's "now" (yyyy-MM-dd HH:mm:ss), runs, and "check" or nothing.
 */
public class ChannelGmv {
  public static void main(String[] a) throws Exception {
    Path data = Path.of(a[0]).toAbsolutePath();
    String sql = Files.readString(Path.of(a[1])).replace("${DATA}", data.toString()).replace("${NOW}", a[2]);
    for (int i = 0; i < Integer.parseInt(a[3]); i++) {
      double cpu = cpuSeconds();
      long began = System.nanoTime();
      run(sql.replace("${SINK}", "blackhole"));
      System.out.printf(Locale.ROOT, "{\"run\":%d,\"seconds\":%.3f,\"cpu\":%.3f}%n", i + 1,
          (System.nanoTime() - began) / 1e9, cpuSeconds() - cpu);
    }
    if (a.length > 4 && a[4].equals("check")) {
      run(sql.replace("${SINK}", "last-rows"));
      LastRows.ROWS.values().forEach(System.out::println);
    }
    System.out.flush();
    System.exit(0); // the embedded cluster leaves threads behind
  }

  private static void run(String sql) throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(2, configuration());
    StreamTableEnvironment tables = StreamTableEnvironment.create(env);
    StatementSet inserts = tables.createStatementSet();
    for (String s : statements(sql)) {
      if (s.startsWith("insert")) {
        inserts.addInsertSql(s);
      } else {
        tables.executeSql(s);
      }
    }
    inserts.execute().await();
  }

  private static Configuration configuration() {
    Configuration c = new Configuration();
    c.setString("restart-strategy.type", "disable");
    c.setString("pipeline.object-reuse", "true");
    c.setString("rest.port", "0");
    c.setString("taskmanager.memory.network.min", "128m");
    c.setString("taskmanager.memory.network.max", "128m");
    return c;
  }

  private static List<String> statements(String sql) {
    List<String> all = new ArrayList<>();
    for (String part : sql.split(";\\s*(\\n|$)")) {
      String s = part.lines().filter(l -> !l.startsWith("--")).collect(Collectors.joining("\n")).strip();
      if (!s.isEmpty()) {
        all.add(s);
      }
    }
    return all;
  }

  private static double cpuSeconds() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e9;
  }
}
