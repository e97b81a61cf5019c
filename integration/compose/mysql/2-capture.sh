# The user that captures read as. MySQL's image runs this once, when it makes the database.

# A quote or a backslash in the password must not end the SQL text.
password=${CAPTURE_PASSWORD//\\/\\\\}
password=${password//\'/\\\'}

MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql --user=root <<SQL
CREATE USER 'capture'@'%' IDENTIFIED BY '$password';
GRANT SELECT ON tributary.click_stream TO 'capture'@'%';
GRANT SELECT ON tributary.adm_zy_acct_sub_wechat_list TO 'capture'@'%';
GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'capture'@'%';
SQL
