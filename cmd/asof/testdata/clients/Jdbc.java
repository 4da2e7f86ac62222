import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Properties;
import java.util.UUID;
import org.postgresql.PGConnection;
import org.postgresql.PGStatement;
import org.postgresql.copy.CopyManager;
import org.postgresql.jdbc.PgConnection;
import org.postgresql.jdbc.PreferQueryMode;

/**
 * pgjdbc against the Postgres door: Jdbc URL [URL USER], the second URL being a PostgreSQL's. Each step is one thing that programs do with it; it prints what differs and
 * the process ends with status 1.
 */
public class Jdbc {
  static final OffsetDateTime AT = OffsetDateTime.parse("2025-05-01T10:01:00Z");
  static String url;
  static String user = "ana";
  static String step;
  static int failed;

  interface Step {
    void run(Connection c) throws Exception;
  }

  interface Failing {
    void run() throws SQLException;
  }

  static void same(String what, Object got, Object want) {
    if (!String.valueOf(got).equals(String.valueOf(want))) {
      failed++;
      System.out.println(step + ": " + what + ": " + got + " instead of " + want);
    }
  }

  static void refused(String what, String state, Failing f) {
    try {
      f.run();
      same(what, "no error", state);
    } catch (SQLException e) {
      same(what, e.getSQLState(), state);
    }
  }

  /** The rows of a result: columns joined by |, rows by a blank. */
  static String rows(ResultSet r, String... columns) throws SQLException {
    StringBuilder b = new StringBuilder();
    while (r.next()) {
      b.append(b.length() > 0 ? " " : "");
      int n = columns.length > 0 ? columns.length : r.getMetaData().getColumnCount();
      for (int i = 0; i < n; i++) {
        b.append(i > 0 ? "|" : "").append(columns.length > 0 ? r.getString(columns[i]) : r.getString(i + 1));
      }
    }
    r.close();
    return b.toString();
  }

  static String query(Connection c, String sql) throws SQLException {
    try (Statement s = c.createStatement()) {
      return rows(s.executeQuery(sql));
    }
  }

  static void with(String name, String options, Step s) {
    step = name;
    Properties p = new Properties();
    p.setProperty("user", user);
    try (Connection c = DriverManager.getConnection(url + options, p)) {
      s.run(c);
    } catch (Exception e) {
      failed++;
      System.out.println(name + ": " + e);
      e.printStackTrace(System.out);
    }
  }

  /** One customer's values by a prepared statement, often enough that the driver prepares it and asks for binary values. */
  static void lookup(Connection c) throws SQLException {
    String sql = "SELECT customer_id, total, n FROM spend AS OF ? WHERE customer_id = ?";
    try (PreparedStatement p = c.prepareStatement(sql)) {
      for (int i = 0; i < 7; i++) {
        p.setObject(1, AT);
        p.setString(2, "ann");
        same("a row", rows(p.executeQuery()), "ann|10.00|1");
        p.setTimestamp(1, Timestamp.from(AT.toInstant()));
        same("a Timestamp", rows(p.executeQuery()), "ann|10.00|1");
      }
    }
    try (PreparedStatement p = c.prepareStatement("SELECT COUNT(*) FROM spend WHERE customer_id = ANY(?)")) {
      for (int i = 0; i < 7; i++) {
        p.setArray(1, c.createArrayOf("text", new String[] {"ann", "bob", "eve"}));
        same("= ANY", rows(p.executeQuery()), "2");
      }
    }
  }

  /** Values of every type go in as parameters and come out as what they were. */
  static void values(Connection c) throws SQLException {
    try (PreparedStatement p = c.prepareStatement(
        "SELECT ?::numeric, ?::boolean, ?::timestamptz, ?::date, ?::bigint, ?::int, ?::float8, ?::uuid, ?::text[], ?::timestamp, ?::varchar, ?::bytea")) {
      for (int i = 0; i < 7; i++) {
        p.setBigDecimal(1, new BigDecimal("-12345678901234567890.0123456789"));
        p.setBoolean(2, true);
        p.setObject(3, AT);
        p.setObject(4, LocalDate.of(2025, 5, 1));
        p.setLong(5, Long.MIN_VALUE);
        p.setInt(6, Integer.MAX_VALUE);
        p.setDouble(7, 0.1);
        p.setObject(8, UUID.fromString("0dfc3f5b-2f0d-4a1c-8f4e-0123456789ab"));
        p.setArray(9, c.createArrayOf("text", new String[] {"a", null, "b,\"c\\"}));
        p.setObject(10, AT.toLocalDateTime());
        p.setNull(11, Types.VARCHAR);
        p.setBytes(12, new byte[] {0, 1, -1});
        ResultSet r = p.executeQuery();
        r.next();
        same("a numeric", r.getBigDecimal(1), "-12345678901234567890.0123456789");
        same("a boolean", r.getBoolean(2), true);
        same("a timestamptz", r.getObject(3, OffsetDateTime.class).toInstant(), AT.toInstant());
        same("a date", r.getObject(4, LocalDate.class), "2025-05-01");
        same("a bigint", r.getLong(5), Long.MIN_VALUE);
        same("an int", r.getInt(6), Integer.MAX_VALUE);
        same("a double", r.getDouble(7), 0.1);
        same("a uuid", r.getObject(8, UUID.class), "0dfc3f5b-2f0d-4a1c-8f4e-0123456789ab");
        same("an array", Arrays.toString((Object[]) r.getArray(9).getArray()), "[a, null, b,\"c\\]");
        same("a timestamp", r.getObject(10, java.time.LocalDateTime.class), "2025-05-01T10:01");
        same("a NULL", r.getString(11) + r.wasNull(), "nulltrue");
        same("bytes", Arrays.toString(r.getBytes(12)), "[0, 1, -1]");
        r.close();
      }
    }
  }

  /** Rows come in portions where a fetch size is set and autocommit is off. */
  static void portions(Connection c) throws SQLException {
    c.setAutoCommit(false);
    try (Statement s = c.createStatement()) {
      s.setFetchSize(7);
      ResultSet r = s.executeQuery("SELECT i FROM generate_series(1, 100) AS g(i)");
      long sum = 0;
      while (r.next()) {
        sum += r.getLong(1);
      }
      same("a sum", sum, 5050);
    }
    try (PreparedStatement p = c.prepareStatement("SELECT customer_id FROM spend ORDER BY 1")) {
      p.setFetchSize(1);
      for (int i = 0; i < 7; i++) {
        same("customers", rows(p.executeQuery()), "ann bob");
      }
    }
    boolean portals = c.unwrap(PgConnection.class).getPreferQueryMode().compareTo(PreferQueryMode.EXTENDED) >= 0;
    try (Statement s = c.createStatement()) { // the driver leaves it to portals, which the simple protocol has not
      s.setMaxRows(portals ? 1 : 0);
      same("at most one", rows(s.executeQuery("SELECT customer_id FROM spend ORDER BY 1")), portals ? "ann" : "ann bob");
    }
    c.commit();
  }

  /** Labels go in as a batch or by COPY, are joined with what was known of them, and come out by COPY. */
  static void training(Connection c) throws Exception {
    c.setAutoCommit(false);
    try (Statement s = c.createStatement()) {
      s.execute("CREATE TEMP TABLE labels (k TEXT, ts TIMESTAMPTZ, amount NUMERIC(12,2), good BOOLEAN)");
    }
    try (PreparedStatement p = c.prepareStatement("INSERT INTO labels VALUES (?, ?, ?, ?)")) {
      for (String k : new String[] {"ann", "bob", null}) {
        p.setString(1, k);
        p.setTimestamp(2, Timestamp.from(AT.toInstant()));
        p.setBigDecimal(3, k == null ? null : new BigDecimal("1.50"));
        p.setBoolean(4, k != null);
        p.addBatch();
      }
      same("a batch", Arrays.toString(p.executeBatch()), "[1, 1, 1]");
    }
    String join = "SELECT l.k, l.amount, l.good, s.total FROM labels l LEFT JOIN spend AS OF l.ts s ON s.customer_id = l.k";
    same("a training join", query(c, join), "ann|1.50|t|10.00 bob|1.50|t|null null|null|f|null");
    CopyManager copy = c.unwrap(PGConnection.class).getCopyAPI();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    same("rows out", copy.copyOut("COPY (" + join + ") TO STDOUT (FORMAT csv, HEADER)", out), 3);
    same("a csv", out.toString(StandardCharsets.UTF_8), "k,amount,good,total\nann,1.50,t,10.00\nbob,1.50,t,\n,,f,\n");
    same("rows in", copy.copyIn("COPY labels (k, good) FROM STDIN (FORMAT csv)", new StringReader("eve,t\n\"\",f\n")), 2);
    same("what came in", query(c, "SELECT k, good FROM labels WHERE ts IS NULL ORDER BY 1"), "|f eve|t");
    refused("a bad row", "22P02", () -> {
      try {
        copy.copyIn("COPY labels (k, good) FROM STDIN (FORMAT csv)", new StringReader("eve,perhaps\n"));
      } catch (java.io.IOException e) {
        throw new SQLException(e);
      }
    });
    c.rollback();
    same("after the rollback", query(c, "SELECT 1"), "1");
  }

  /** An error leaves a transaction that can go on from a savepoint, and a connection that can go on from there. */
  static void recovery(Connection c) throws SQLException {
    refused("a name", "42703", () -> query(c, "SELECT nothing FROM spend"));
    refused("a division", "22012", () -> query(c, "SELECT 1/0"));
    c.setAutoCommit(false);
    same("a row", query(c, "SELECT total FROM spend WHERE customer_id = 'ann'"), "10.00");
    Savepoint p = c.setSavepoint("before");
    refused("a name", "42703", () -> query(c, "SELECT nothing FROM spend"));
    refused("what follows", "25P02", () -> query(c, "SELECT 1"));
    c.rollback(p);
    same("from the savepoint", query(c, "SELECT 1"), "1");
    c.releaseSavepoint(p);
    c.commit();
  }

  /** A statement that takes longer than its timeout is cancelled, and the connection goes on. */
  static void timeout(Connection c) throws SQLException {
    try (Statement s = c.createStatement()) {
      s.setQueryTimeout(1);
      refused("too late", "57014", () -> s.executeQuery("SELECT COUNT(*) FROM generate_series(1, 1000000) AS a(x), generate_series(1, 1000000) AS b(y)"));
    }
    same("afterwards", query(c, "SELECT 1"), "1");
  }

  /** A time that the session is set to holds for statements that were prepared before. */
  static void session(Connection c) throws SQLException {
    same("valid", c.isValid(5), true);
    c.setReadOnly(true);
    c.setReadOnly(false);
    c.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    same("isolation", c.getTransactionIsolation(), Connection.TRANSACTION_REPEATABLE_READ);
    c.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
    same("catalog", c.getCatalog(), "asof");
    same("schema", c.getSchema(), "public");
    c.setSchema("public");
    c.setClientInfo("ApplicationName", "jdbc");
    same("application_name", query(c, "SHOW application_name"), "jdbc");
    try (PreparedStatement p = c.prepareStatement("SELECT total FROM spend WHERE customer_id = ?")) {
      p.unwrap(PGStatement.class).setPrepareThreshold(1);
      p.setString(1, "bob");
      same("now", rows(p.executeQuery()) + rows(p.executeQuery()), "2.502.50");
      try (Statement s = c.createStatement()) {
        s.execute("SET as_of = '2025-05-01 10:01:00+00'");
      }
      same("then", rows(p.executeQuery()), "");
    }
    try (PreparedStatement p = c.prepareStatement("SELECT customer_id, total, n, ?::text AS given FROM spend WHERE total > ?")) {
      ResultSetMetaData m = p.getMetaData();
      StringBuilder b = new StringBuilder();
      for (int i = 1; i <= m.getColumnCount(); i++) {
        b.append(m.getColumnName(i)).append(' ').append(m.getColumnTypeName(i)).append(' ').append(m.getColumnClassName(i)).append("; ");
      }
      same("columns", b, "customer_id text java.lang.String; total numeric java.math.BigDecimal; n int8 java.lang.Long; given text java.lang.String; ");
      same("parameters", p.getParameterMetaData().getParameterTypeName(1) + " " + p.getParameterMetaData().getParameterTypeName(2), "text numeric");
    }
  }

  /** What tools ask about the database: Metabase, DBeaver, DataGrip, Spark. */
  static void metadata(Connection c) throws SQLException {
    DatabaseMetaData m = c.getMetaData();
    same("product", m.getDatabaseProductName() + " " + m.getDatabaseMajorVersion(), "PostgreSQL 15");
    same("getSchemas", rows(m.getSchemas(), "TABLE_SCHEM"), "information_schema pg_catalog public");
    same("getCatalogs", rows(m.getCatalogs()), "asof");
    same("getTables", rows(m.getTables(null, "public", "%", new String[] {"TABLE", "VIEW"}), "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE", "REMARKS"),
        "public|orders|VIEW|source public|spend|VIEW|null public|spend_history|VIEW|every change of spend");
    same("getTables of a type", rows(m.getTables("asof", null, "sp%", new String[] {"VIEW"}), "TABLE_NAME"), "spend spend_history");
    same("getColumns", rows(m.getColumns(null, "public", "orders", "%"), "COLUMN_NAME", "DATA_TYPE", "TYPE_NAME", "COLUMN_SIZE", "DECIMAL_DIGITS", "NULLABLE", "ORDINAL_POSITION", "IS_AUTOINCREMENT"),
        "order_id|-5|int8|19|0|0|1|NO customer_id|12|text|2147483647|0|1|2|NO amount|2|numeric|12|2|1|3|NO created_at|93|timestamptz|35|6|1|4|NO");
    same("getColumns of a feature", rows(m.getColumns(null, null, "spend", "%"), "COLUMN_NAME", "TYPE_NAME"), "customer_id|text total|numeric n|int8");
    same("getPrimaryKeys of a source", rows(m.getPrimaryKeys(null, "public", "orders"), "TABLE_NAME", "COLUMN_NAME", "KEY_SEQ", "PK_NAME"), "orders|order_id|1|orders_pkey");
    same("getPrimaryKeys of a feature", rows(m.getPrimaryKeys(null, null, "spend"), "TABLE_NAME", "COLUMN_NAME", "KEY_SEQ", "PK_NAME"), "spend|customer_id|1|spend_pkey");
    same("getPrimaryKeys of a history", rows(m.getPrimaryKeys(null, null, "spend_history")), "");
    same("getBestRowIdentifier", rows(m.getBestRowIdentifier(null, "public", "orders", DatabaseMetaData.bestRowSession, true), "COLUMN_NAME", "TYPE_NAME"), "order_id|int8");
    same("getIndexInfo", rows(m.getIndexInfo(null, "public", "spend", false, false), "INDEX_NAME", "NON_UNIQUE", "TYPE", "ORDINAL_POSITION", "COLUMN_NAME", "ASC_OR_DESC"), "spend_pkey|f|3|1|customer_id|A");
    same("getImportedKeys", rows(m.getImportedKeys(null, "public", "orders")), "");
    same("getExportedKeys", rows(m.getExportedKeys(null, "public", "orders")), "");
    same("getCrossReference", rows(m.getCrossReference(null, "public", "orders", null, "public", "spend")), "");
    same("getTableTypes", rows(m.getTableTypes()).contains("VIEW"), true);
    same("getTypeInfo", rows(m.getTypeInfo(), "TYPE_NAME", "DATA_TYPE").contains("timestamptz|93"), true);
    same("getProcedures", rows(m.getProcedures(null, "public", "%")), "");
    same("getFunctions", rows(m.getFunctions(null, "public", "%")), "");
    same("getTablePrivileges", rows(m.getTablePrivileges(null, "public", "spend"), "GRANTEE", "PRIVILEGE").contains("ana|SELECT"), true);
    same("getUDTs", rows(m.getUDTs(null, "public", "%", null)), "");
    same("getClientInfoProperties", rows(m.getClientInfoProperties(), "NAME"), "ApplicationName");
    same("getSQLKeywords", m.getSQLKeywords().contains("abort"), true);
    same("getMaxColumnNameLength", m.getMaxColumnNameLength(), 63);
  }

  /** The steps that say nothing of features, on a real server: what they expect is what it answers. */
  static void truth() {
    for (String mode : new String[] {"extended", "extendedForPrepared", "simple"}) {
      for (Step s : new Step[] {Jdbc::values, Jdbc::portions, Jdbc::recovery}) {
        with("PostgreSQL, " + mode, "?preferQueryMode=" + mode, c -> {
          c.createStatement().execute("CREATE TEMP TABLE spend AS SELECT * FROM (VALUES ('ann', 10.00), ('bob', 2.50)) AS v (customer_id, total)");
          s.run(c);
        });
      }
    }
  }

  public static void main(String[] args) {
    url = args[0];
    for (String mode : new String[] {"extended", "extendedForPrepared", "extendedCacheEverything", "simple"}) {
      with(mode + ", a lookup", "?preferQueryMode=" + mode, Jdbc::lookup);
      with(mode + ", values", "?preferQueryMode=" + mode, Jdbc::values);
      with(mode + ", portions", "?preferQueryMode=" + mode, Jdbc::portions);
      with(mode + ", training", "?preferQueryMode=" + mode, Jdbc::training);
      with(mode + ", recovery", "?preferQueryMode=" + mode, Jdbc::recovery);
    }
    with("binary at once", "?prepareThreshold=-1", Jdbc::values);
    with("text alone", "?binaryTransfer=false&prepareThreshold=1", Jdbc::values);
    with("autosave", "?autosave=always", Jdbc::portions);
    with("one INSERT of a batch", "?reWriteBatchedInserts=true", c -> {
      c.createStatement().execute("CREATE TEMP TABLE many (n BIGINT, s TEXT)");
      try (PreparedStatement p = c.prepareStatement("INSERT INTO many VALUES (?, ?)")) {
        for (int i = 0; i < 100; i++) {
          p.setLong(1, i);
          p.setString(2, "s" + i);
          p.addBatch();
        }
        p.executeBatch();
      }
      same("rows", query(c, "SELECT COUNT(*), SUM(n), MAX(s) FROM many"), "100|4950|s99");
    });
    with("a timeout", "", Jdbc::timeout);
    with("a session", "", Jdbc::session);
    with("metadata", "", Jdbc::metadata);
    with("metadata, simple", "?preferQueryMode=simple", Jdbc::metadata);
    if (args.length > 2) {
      url = args[1];
      user = args[2];
      truth();
    }
    System.exit(failed > 0 ? 1 : 0);
  }
}
