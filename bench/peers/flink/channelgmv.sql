-- Sales per channel on one day. The newest version of each order counts; ${DATA} is a folder of JSON lines,
-- ${SINK} the connector of the result.
create table trade_order_detail (
  order_id string, order_channel string, order_time string, pay_amount double, real_pay double, pay_time string,
  user_id string, user_name string, area_id string
) with ('connector' = 'filesystem', 'path' = 'file://${DATA}', 'format' = 'json');

create table trade_channel_collect (
  begin_time string, channel_code string, channel_name string, cur_gmv double, cur_order_user_count bigint,
  cur_order_count bigint, last_pay_time string, flink_current_time string,
  primary key (begin_time, channel_code) not enforced
) with ('connector' = '${SINK}');

create view tmp_order_detail as
select *
    , case when t.order_channel not in ('webShop', 'appShop', 'miniAppShop') then 'other'
           else t.order_channel end as channel_code
    , case when t.order_channel = 'webShop' then _UTF16'Website'
           when t.order_channel = 'appShop' then _UTF16'Shopping App'
           when t.order_channel = 'miniAppShop' then _UTF16'Miniprogram'
           else _UTF16'Other' end as channel_name
from (
    select *
        , row_number() over (partition by order_id order by order_time desc) as rn
        , concat(substr('${NOW}', 1, 10), ' 00:00:00') as begin_time
        , concat(substr('${NOW}', 1, 10), ' 23:59:59') as end_time
    from trade_order_detail
    where pay_time >= concat(substr('${NOW}', 1, 10), ' 00:00:00')
    and real_pay is not null
) t
where t.rn = 1;

insert into trade_channel_collect
select
      begin_time
    , channel_code
    , channel_name
    , cast(coalesce(sum(real_pay), 0) as double) as cur_gmv
    , count(distinct user_id) as cur_order_user_count
    , count(1) as cur_order_count
    , max(pay_time) as last_pay_time
    , cast(localtimestamp as string) as flink_current_time
from tmp_order_detail
where pay_time >= concat(substr('${NOW}', 1, 10), ' 00:00:00')
group by begin_time, channel_code, channel_name;
