//! Commands that drop, truncate or reset databases.

use super::{NOTHING, Rule, found};
use crate::guard::{Call, Decision};

/// The rule.
pub(super) const RULE: Rule = Rule {
    name: "drop-database",
    reason: "it deletes data of a database",
    instead: "Dump the database first, or use one made for this test.",
    judge,
};

/// Clients that take SQL.
const CLIENTS: &[&str] = &[
    "psql",
    "mysql",
    "mariadb",
    "sqlite3",
    "sqlite",
    "duckdb",
    "cockroach",
    "clickhouse-client",
    "clickhouse",
    "sqlcmd",
    "turso",
    "wrangler",
    "usql",
    "bq",
    "snowsql",
    "cqlsh",
];

/// Clients that take JavaScript, and what deletes whole collections in it.
const MONGO: &[&str] = &["mongosh", "mongo"];
const MONGO_DROPS: &[&str] = &["dropDatabase(", ".drop(", "deleteMany({})", "remove({})"];

/// Programs with the words that make them delete data; all words of a row must be there.
const TASKS: &[(&str, &[&str])] = &[
    ("prisma", &["migrate", "reset"]),
    ("prisma", &["db", "push", "--force-reset"]),
    ("prisma", &["db", "push", "--accept-data-loss"]),
    ("rails", &["db:drop"]),
    ("rails", &["db:reset"]),
    ("rails", &["db:migrate:reset"]),
    ("rails", &["db:schema:load"]),
    ("rake", &["db:drop"]),
    ("rake", &["db:drop:all"]),
    ("rails", &["db:drop:all"]),
    ("rake", &["db:reset"]),
    ("artisan", &["migrate:fresh"]),
    ("artisan", &["migrate:refresh"]),
    ("artisan", &["migrate:reset"]),
    ("artisan", &["db:wipe"]),
    ("manage.py", &["flush"]),
    ("manage.py", &["reset_db"]),
    ("sequelize", &["db:drop"]),
    ("sequelize-cli", &["db:drop"]),
    ("typeorm", &["schema:drop"]),
    ("mix", &["ecto.drop"]),
    ("mix", &["ecto.reset"]),
    ("alembic", &["downgrade", "base"]),
    ("knex", &["migrate:rollback", "--all"]),
    ("supabase", &["db", "reset"]),
    ("docker", &["compose", "down", "-v"]),
    ("docker", &["compose", "down", "--volumes"]),
    ("docker-compose", &["down", "-v"]),
    ("docker-compose", &["down", "--volumes"]),
    ("docker", &["volume", "prune"]),
    ("docker", &["system", "prune", "--volumes"]),
    ("podman", &["volume", "prune"]),
    ("podman", &["system", "prune", "--volumes"]),
    ("redis-cli", &["flushall"]),
    ("redis-cli", &["flushdb"]),
    ("mysqladmin", &["drop"]),
    ("rails", &["db:purge"]),
    ("rails", &["db:truncate_all"]),
    ("rake", &["db:migrate:reset"]),
    ("rake", &["db:purge"]),
    ("console", &["doctrine:database:drop"]),
    ("console", &["doctrine:schema:drop"]),
    ("django-admin", &["flush"]),
    ("sequelize", &["db:migrate:undo:all"]),
    ("sequelize-cli", &["db:migrate:undo:all"]),
    ("flyway", &["clean"]),
    ("liquibase", &["drop-all"]),
    ("liquibase", &["dropall"]),
    ("diesel", &["database", "reset"]),
    ("diesel", &["database", "drop"]),
    ("sqlx", &["database", "drop"]),
    ("sqlx", &["database", "reset"]),
    ("sea-orm-cli", &["migrate", "fresh"]),
    ("dbmate", &["drop"]),
    ("goose", &["reset"]),
    ("atlas", &["schema", "clean"]),
    ("dotnet", &["ef", "database", "drop"]),
    ("dotnet-ef", &["database", "drop"]),
    ("heroku", &["pg:reset"]),
    ("wp", &["db", "reset"]),
    ("wp", &["db", "drop"]),
    ("drush", &["sql:drop"]),
    ("drush", &["sql-drop"]),
    ("turso", &["db", "destroy"]),
    ("mongorestore", &["--drop"]),
    ("influx", &["delete"]),
    ("influx", &["bucket", "delete"]),
    ("manage.py", &["migrate", "zero"]),
    ("flask", &["db", "downgrade", "base"]),
    ("hasura", &["migrate", "apply", "--down"]),
    ("migrate", &["drop"]),
    ("goose", &["down-to", "0"]),
    ("drizzle-kit", &["drop"]),
    ("etcdctl", &["del", "--prefix"]),
    ("etcdctl", &["del", "--from-key"]),
];

fn judge(call: &Call<'_>) -> Vec<(Decision, String)> {
    if matches!(call.name, "dropdb" | "dropuser") {
        return found(Decision::Ask, call.shown());
    }
    if let Some(statement) = sql(call).or_else(|| mongo(call)) {
        return found(Decision::Ask, statement);
    }
    if call.name == "podman" && call.has("--dry-run") {
        return NOTHING;
    }
    let piped = call.input.texts.iter().filter(|_| call.name == "redis-cli");
    let piped: Vec<&str> = piped.flat_map(|text| text.split_whitespace()).collect();
    let has = |word: &&str| {
        let own = call.args.iter().map(|arg| arg.text.as_str());
        own.chain(piped.iter().copied()).any(|text| text.eq_ignore_ascii_case(word))
    };
    let runner = matches!(
        call.name,
        "npx" | "bunx" | "pnpx" | "php" | "python" | "python3" | "ruby" | "pnpm" | "yarn" | "bun"
    );
    // `npx prisma …`, `php artisan …`, `python manage.py …`, `bin/rails …`.
    let run = |at: usize| call.args.get(at).filter(|_| runner).map(|arg| crate::guard::program(&arg.text));
    let (first, second) = (run(0), run(1));
    let named =
        |program: &str| program == call.name || runner && (first == Some(program) || second == Some(program));
    let hit = TASKS.iter().any(|(program, words)| named(program) && words.iter().all(has));
    if hit { found(Decision::Ask, call.shown()) } else { NOTHING }
}

/// The words and the input of a client.
fn texts<'a>(call: &'a Call<'_>) -> impl Iterator<Item = &'a str> {
    call.args.iter().map(|arg| arg.text.as_str()).chain(call.input.texts.iter().map(String::as_str))
}

/// The first statement for a Mongo client that deletes whole collections.
fn mongo(call: &Call<'_>) -> Option<String> {
    if !MONGO.contains(&call.name) {
        return None;
    }
    let statements = texts(call).flat_map(|text| text.split([';', '\n']));
    let tight = |text: &str| text.split_whitespace().collect::<String>();
    statements
        .map(|statement| (statement, tight(statement)))
        .find(|(_, tight)| MONGO_DROPS.iter().any(|drop| tight.contains(drop)))
        .map(|(statement, _)| statement.trim().chars().take(80).collect())
}

/// The first statement for an SQL client that deletes whole tables.
fn sql(call: &Call<'_>) -> Option<String> {
    if !CLIENTS.contains(&call.name) {
        return None;
    }
    let joined =
        call.args.iter().map(|arg| arg.text.as_str()).skip_while(|text| !text.starts_with('-')).skip(1);
    let joined = joined.collect::<Vec<_>>().join(" ");
    let stuck = call.args.iter().filter_map(|arg| arg.text.strip_prefix("--")?.split_once('='));
    texts(call)
        .chain(stuck.map(|(_, statement)| statement))
        .chain(std::iter::once(joined.as_str()))
        .flat_map(|text| text.split(';'))
        .find(|statement| destroys(statement))
        .map(|statement| statement.trim().chars().take(80).collect())
}

fn destroys(statement: &str) -> bool {
    let words: Vec<String> = statement
        .split(|character: char| !(character.is_alphanumeric() || character == '_'))
        .filter(|word| !word.is_empty())
        .take(40)
        .map(str::to_ascii_lowercase)
        .collect();
    let mut words = words.iter().map(String::as_str);
    match (words.next(), words.next()) {
        (Some("drop"), Some("table" | "database" | "schema" | "keyspace" | "collection"))
        | (Some("truncate"), Some(_)) => true,
        (Some("delete"), Some("from")) => !words.any(|word| word == "where"),
        _ => false,
    }
}
