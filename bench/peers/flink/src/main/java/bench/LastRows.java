package bench;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSink;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.sink.DataStreamSinkProvider;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.Collector;

/** The connector "last-rows": keeps the final table of trade_channel_collect in memory, to be compared. */
public class LastRows {
  /** A JSON object per (begin_time, channel_code). */
  static final Map<String, String> ROWS = new ConcurrentHashMap<>();

  public static class Factory implements DynamicTableSinkFactory {
    @Override
    public String factoryIdentifier() {
      return "last-rows";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
      return Set.of();
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
      return Set.of();
    }

    @Override
    public DynamicTableSink createDynamicTableSink(Context context) {
      return new Sink();
    }
  }

  static class Sink implements DynamicTableSink {
    @Override
    public ChangelogMode getChangelogMode(ChangelogMode requested) {
      return ChangelogMode.upsert();
    }

    @Override
    public DynamicTableSink copy() {
      return new Sink();
    }

    @Override
    public String asSummaryString() {
      return "last-rows";
    }

    @Override
    public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
      return new DataStreamSinkProvider() {
        @Override
        public DataStreamSink<?> consumeDataStream(ProviderContext provider, DataStream<RowData> changes) {
          return changes.process(new Keep()).returns(changes.getType()).sinkTo(new DiscardingSink<>());
        }
      };
    }
  }

  static class Keep extends ProcessFunction<RowData, RowData> {
    @Override
    public void processElement(RowData r, Context context, Collector<RowData> out) {
      String key = r.getString(0) + "|" + r.getString(1);
      if (r.getRowKind() == RowKind.DELETE) {
        ROWS.remove(key);
      } else if (r.getRowKind() != RowKind.UPDATE_BEFORE) {
        ROWS.put(key, json(r));
      }
    }

    private static String json(RowData r) {
      return "{\"begin_time\":\"" + r.getString(0) + "\",\"channel_code\":\"" + r.getString(1)
          + "\",\"channel_name\":\"" + r.getString(2) + "\",\"cur_gmv\":" + r.getDouble(3)
          + ",\"cur_order_user_count\":" + r.getLong(4) + ",\"cur_order_count\":" + r.getLong(5)
          + ",\"last_pay_time\":\"" + r.getString(6) + "\"}";
    }
  }
}
