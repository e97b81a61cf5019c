package bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.cep.CEP;
import org.apache.flink.cep.functions.PatternProcessFunction;
import org.apache.flink.cep.functions.TimedOutPartialMatchHandler;
import org.apache.flink.cep.pattern.Pattern;
import org.apache.flink.cep.pattern.conditions.IterativeCondition;
import org.apache.flink.cep.pattern.conditions.SimpleCondition;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.src.FileSource;
import org.apache.flink.connector.file.src.reader.TextLineInputFormat;
import org.apache.flink.core.fs.Path;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;

/**
 * Looks for the five click patterns in files of JSON lines, in an embedded Flink of parallelism 2: object reuse on, state
 * on the heap, no checkpoints, the results thrown away. Prints a JSON line per run; the first one warms the JVM up.
 *
 * <p>Arguments: folder, name of a pattern or "all", runs.
 */
public class ClickPatterns {
  /** A click. Flink serialises it by its public fields. */
  public static class Click {
    public long id;
    public long at;
    public String type;
    public String product;
    public String category;
    public double price;
    public String user;
    public String session;
  }

  private static final List<String> NAMES =
      List.of("cross-sell", "abandoned-cart", "purchase-intent", "price-sensitivity", "churn-risk");

  private static Pattern<Click, ?> pattern(String name) {
    switch (name) {
      case "cross-sell":
        return Pattern.<Click>begin("first_view").where(is("view")).next("second_view").where(is("view"))
            .within(Duration.ofMinutes(5));
      case "abandoned-cart":
        return Pattern.<Click>begin("cart_add").where(SimpleCondition.of(c -> c.type.equals("cart") && c.price > 200))
            .followedBy("purchase").where(is("purchase")).within(Duration.ofMinutes(10));
      case "purchase-intent":
        return Pattern.<Click>begin("initial_view").where(is("view")).followedBy("repeat_view").where(is("view")).times(3)
            .within(Duration.ofMinutes(15));
      case "price-sensitivity":
        return Pattern.<Click>begin("initial_view").where(is("view")).next("view_price_drop").where(new Cheaper())
            .next("cart_after_price_drop").where(is("cart")).within(Duration.ofMinutes(10));
      case "churn-risk":
        return Pattern.<Click>begin("first_view").where(is("view")).timesOrMore(10).notNext("purchase").where(is("purchase"))
            .within(Duration.ofDays(7));
      default:
        throw new IllegalArgumentException("there is no pattern " + name);
    }
  }

  private static boolean bySession(String name) {
    return !name.equals("price-sensitivity") && !name.equals("churn-risk");
  }

  private static SimpleCondition<Click> is(String type) {
    return SimpleCondition.of(c -> c.type.equals(type));
  }

  static class Cheaper extends IterativeCondition<Click> {
    @Override
    public boolean filter(Click c, Context<Click> context) throws Exception {
      if (!c.type.equals("view")) {
        return false;
      }
      Click before = context.getEventsForPattern("initial_view").iterator().next();
      return c.product.equals(before.product) && c.price < before.price;
    }
  }

  /** Matches and timeouts by "pattern|kind": how many, and the sum of their fingerprints. */
  static final Map<String, AtomicLong[]> FOUND = new ConcurrentHashMap<>();

  static void note(String what, Map<String, List<Click>> match) {
    long h = 0xcbf29ce484222325L; // FNV-1a over ids instead of bytes
    for (List<Click> clicks : match.values()) {
      for (Click c : clicks) {
        h = (h ^ c.id) * 0x100000001b3L;
      }
    }
    AtomicLong[] found = FOUND.computeIfAbsent(what, w -> new AtomicLong[] {new AtomicLong(), new AtomicLong()});
    found[0].incrementAndGet();
    found[1].addAndGet(h);
  }

  static class Matches extends PatternProcessFunction<Click, String> {
    final String name;
    final String what;

    Matches(String name) {
      this.name = name;
      this.what = name + "|match";
    }

    @Override
    public void processMatch(Map<String, List<Click>> match, Context context, Collector<String> out) {
      note(what, match);
      out.collect(name + match.values().iterator().next().get(0).user);
    }
  }

  static class MatchesAndTimeouts extends Matches implements TimedOutPartialMatchHandler<Click> {
    MatchesAndTimeouts(String name) {
      super(name);
    }

    @Override
    public void processTimedOutMatch(Map<String, List<Click>> match, Context context) {
      note(name + "|timeout", match);
    }
  }

  static class Parse extends RichMapFunction<String, Click> {
    private transient ObjectMapper json;

    @Override
    public Click map(String line) throws Exception {
      if (json == null) {
        json = new ObjectMapper();
      }
      JsonNode n = json.readTree(line);
      Click c = new Click();
      c.id = n.get("key_id").asLong();
      c.at = n.get("value_eventTime").asLong();
      c.type = n.get("value_eventType").asText();
      c.product = n.get("value_productId").asText();
      c.category = n.get("value_categoryCode").asText();
      c.price = n.get("value_price").asDouble();
      c.user = n.get("value_userId").asText();
      c.session = n.get("value_userSession").asText();
      return c;
    }
  }

  public static void main(String[] a) throws Exception {
    List<String> names = a[1].equals("all") ? NAMES : List.of(a[1]);
    for (int i = 0; i < Integer.parseInt(a[2]); i++) {
      FOUND.clear();
      double cpu = cpuSeconds();
      long began = System.nanoTime();
      run(a[0], names);
      double seconds = (System.nanoTime() - began) / 1e9;
      System.out.printf(Locale.ROOT, "{\"run\":%d,\"seconds\":%.3f,\"cpu\":%.3f,\"found\":{%s}}%n", i + 1, seconds, cpuSeconds() - cpu, found());
    }
    System.out.flush();
    System.exit(0); // the embedded cluster leaves threads behind
  }

  private static void run(String folder, List<String> names) throws Exception {
    StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(2, configuration());
    FileSource<String> files = FileSource.forRecordStreamFormat(new TextLineInputFormat(), new Path(folder)).build();
    DataStream<Click> clicks = env.fromSource(files, WatermarkStrategy.noWatermarks(), "clicks").map(new Parse())
        .assignTimestampsAndWatermarks(
            WatermarkStrategy.<Click>forBoundedOutOfOrderness(Duration.ofSeconds(2)).withTimestampAssigner((c, before) -> c.at));
    for (String name : names) {
      boolean session = bySession(name);
      CEP.pattern(clicks.keyBy(c -> session ? c.session : c.user), pattern(name)).inEventTime()
          .process(name.equals("abandoned-cart") ? new MatchesAndTimeouts(name) : new Matches(name), Types.STRING)
          .sinkTo(new DiscardingSink<>());
    }
    env.execute();
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

  private static String found() {
    List<String> all = new ArrayList<>();
    new TreeMap<>(FOUND).forEach((what, f) -> all.add("\"" + what + "\":{\"n\":" + f[0] + ",\"sum\":\"" + f[1] + "\"}"));
    return String.join(",", all);
  }

  private static double cpuSeconds() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e9;
  }
}
