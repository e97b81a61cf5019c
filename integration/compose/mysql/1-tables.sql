-- The tables of docker-compose.yml: what is captured, and what the results are written to.

-- Captured to topic clickstream.
CREATE TABLE click_stream (
  id BIGINT NOT NULL AUTO_INCREMENT,
  eventTime TIMESTAMP NULL,
  eventType VARCHAR(50),
  productId VARCHAR(50),
  categoryId VARCHAR(50),
  categoryCode VARCHAR(80),
  brand VARCHAR(50),
  price DECIMAL(10,2),
  userId VARCHAR(50),
  userSession VARCHAR(50),
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Captured to topic raw_info: what each account's premium was last.
CREATE TABLE adm_zy_acct_sub_wechat_list (
  id BIGINT NOT NULL,
  raw_premium VARCHAR(255),
  raw_info VARCHAR(255),
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Results. Key columns distinguish small letters from capitals, as the topics' keys do.
CREATE TABLE trade_channel_collect (
  begin_time VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
  channel_code VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
  channel_name VARCHAR(32),
  cur_gmv DOUBLE,
  cur_order_user_count BIGINT,
  cur_order_count BIGINT,
  last_pay_time VARCHAR(32),
  flink_current_time VARCHAR(32),
  PRIMARY KEY (begin_time, channel_code)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE tddl_output (
  gmt_create VARCHAR(255),
  gmt_modified VARCHAR(255),
  buyer_id BIGINT NOT NULL,
  cumulate_amount BIGINT,
  effect_time BIGINT NOT NULL,
  PRIMARY KEY (buyer_id, effect_time)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE adm_pfm_zy_order_gmv_msx_hs (
  biz_date VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
  total_premium DOUBLE,
  policy_cnt BIGINT,
  policy_holder_cnt BIGINT,
  PRIMARY KEY (biz_date)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE user_last_log (
  account_id VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  device_id VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  bury_point_type VARCHAR(255),
  page_name VARCHAR(255),
  PRIMARY KEY (account_id, device_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE wechat_activity_user (
  id BIGINT NOT NULL,
  raw_info LONGTEXT,
  now_info LONGTEXT,
  raw_premium VARCHAR(255),
  now_premium VARCHAR(255),
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE alerts (
  id VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  userSession VARCHAR(255),
  userId VARCHAR(255),
  alertType VARCHAR(32),
  message LONGTEXT,
  pattern VARCHAR(32),
  event_time VARCHAR(32),
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- A row for each thing that became of a coupon: a topic of events, read from its values and not its keys.
CREATE TABLE coupons (
  id VARCHAR(512) COLLATE utf8mb4_bin NOT NULL,
  event VARCHAR(16) COLLATE utf8mb4_bin NOT NULL,
  campaign VARCHAR(512) NOT NULL,
  buyer_id BIGINT NOT NULL,
  effect_time BIGINT NOT NULL,
  tier BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  face_value BIGINT NOT NULL,
  remaining BIGINT NOT NULL,
  updated_at VARCHAR(32),
  PRIMARY KEY (id, event)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE coupon_ledger (
  buyer_id BIGINT NOT NULL,
  face_value BIGINT NOT NULL,
  coupons LONGTEXT NOT NULL,
  updated_at VARCHAR(32),
  PRIMARY KEY (buyer_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE campaign_budget (
  campaign VARCHAR(512) COLLATE utf8mb4_bin NOT NULL,
  budget BIGINT NOT NULL,
  issued BIGINT NOT NULL,
  revoked BIGINT NOT NULL,
  denied BIGINT NOT NULL,
  remaining BIGINT NOT NULL,
  updated_at VARCHAR(32),
  PRIMARY KEY (campaign)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
