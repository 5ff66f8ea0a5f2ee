//! SQL: names, values, and tables whose rows are values of one type ([`Table`]). The columns of such a table are listed once, with
//! how a value is declared, bound and read; every statement is made from that list, by name.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Params, Row, Statement, ToSql};

use crate::core::record::{Count, Counts};
use crate::core::row::Value;

pub(super) fn quoted(name: &str) -> String {
    ["\"", &name.replace('"', "\"\""), "\""].concat()
}

/// Executes a statement whose parameters are these values, in order. Returns the number of changed rows.
pub(super) fn execute<'v>(
    statement: &mut Statement<'_>,
    values: impl Iterator<Item = Value<'v>>,
) -> rusqlite::Result<usize> {
    for (parameter, value) in (1..).zip(values) {
        statement.raw_bind_parameter(parameter, Parameter(value))?;
    }
    statement.raw_execute()
}

/// A row's value as a parameter of a statement.
pub(super) struct Parameter<'r>(pub(super) Value<'r>);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(number),
            Value::Real(number) => ValueRef::Real(number),
            Value::Text(text) => ValueRef::Text(text),
        }))
    }
}

/// A value of the database. A table that another program made without STRICT may have other kinds, which become their bytes.
pub(super) fn value_of(value: ValueRef<'_>) -> Value<'_> {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Value::Text(bytes),
        ValueRef::Real(number) => Value::Real(number),
    }
}

pub(super) enum Field<'r> {
    Text(&'r mut String),
    OptionalText(&'r mut Option<String>),
    Integer(&'r mut i64),
    OptionalInteger(&'r mut Option<i64>),
    Count(&'r mut u64),
    Flag(&'r mut bool),
}

impl Field<'_> {
    fn read(self, row: &Row<'_>, name: &str) -> rusqlite::Result<()> {
        match self {
            Field::Text(field) => *field = row.get(name)?,
            Field::OptionalText(field) => *field = row.get(name)?,
            Field::Integer(field) => *field = row.get(name)?,
            Field::OptionalInteger(field) => *field = row.get(name)?,
            Field::Count(field) => *field = row.get::<_, i64>(name)? as u64,
            Field::Flag(field) => *field = row.get(name)?,
        }
        Ok(())
    }
}

impl ToSql for Field<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Field::Text(field) => field.to_sql(),
            Field::OptionalText(field) => field.to_sql(),
            Field::Integer(field) => field.to_sql(),
            Field::OptionalInteger(field) => field.to_sql(),
            Field::Count(field) => Ok((**field as i64).into()),
            Field::Flag(field) => field.to_sql(),
        }
    }
}

pub(super) enum Column<R: 'static> {
    /// A column: its name, its declaration, and the field of the row that it holds.
    One(&'static str, &'static str, fn(&mut R) -> Field<'_>),
    /// The same, and what it is in a database that was made before there was this column.
    Later(&'static str, &'static str, &'static str, fn(&mut R) -> Field<'_>),
    /// A column for each of these counts.
    Counts(fn(&mut R) -> &mut Counts, fn(&Count) -> bool),
}

pub(super) struct Table<R: 'static> {
    pub(super) name: &'static str,
    pub(super) columns: &'static [Column<R>],
    /// The columns of the primary key, if no column's declaration says so.
    pub(super) primary_key: Option<&'static str>,
}

impl<R: Clone + Default> Table<R> {
    /// Visits the columns with the fields of a row.
    fn for_each(
        &self,
        row: &mut R,
        mut visit: impl FnMut(Declared, Field<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        for column in self.columns {
            match column {
                Column::One(name, declaration, field) => visit(Declared::new(name, declaration), field(row))?,
                Column::Later(name, declaration, default, field) => {
                    visit(Declared { default: Some(default), ..Declared::new(name, declaration) }, field(row))?;
                }
                Column::Counts(counts, is_kept) => {
                    for count in Counts::TABLE.iter().filter(|count| is_kept(count)) {
                        let declared = Declared::new(count.name, "INTEGER NOT NULL");
                        visit(declared, Field::Count((count.get_mut)(counts(row))))?;
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn definition(&self) -> Definition {
        let mut columns = Vec::new();
        let _ = self.for_each(&mut R::default(), |declared, _| {
            columns.push(declared);
            Ok(())
        });
        Definition { name: self.name, columns, primary_key: self.primary_key, options: "STRICT", is_later: false }
    }

    /// The names of the columns, with a separator between them.
    fn names(&self, separator: &str) -> String {
        let names: Vec<&str> = self.definition().columns.into_iter().map(|column| column.name).collect();
        names.join(separator)
    }

    /// What a statement selects: the columns, and for those that the database lacks what they would be.
    fn selected(&self, connection: &Connection) -> rusqlite::Result<String> {
        let definition = self.definition();
        let lacking = definition.lacking(connection)?;
        let selected = |column: &Declared| match column.default.filter(|_| lacking.contains(&column.name)) {
            Some(default) => format!("{default} AS {}", column.name),
            None => column.name.to_string(),
        };
        Ok(definition.columns.iter().map(selected).collect::<Vec<_>>().join(", "))
    }

    pub(super) fn insert(&self, connection: &Connection, row: &R) -> rusqlite::Result<()> {
        let sql = format!("INSERT INTO {} ({}) VALUES (:{})", self.name, self.names(", "), self.names(", :"));
        let mut statement = connection.prepare_cached(&sql)?;
        self.for_each(&mut row.clone(), |declared, field| {
            statement.raw_bind_parameter(format!(":{}", declared.name).as_str(), field)
        })?;
        statement.raw_execute().map(drop)
    }

    /// The rows that a condition selects, in the order that it asks for.
    pub(super) fn select(&self, connection: &Connection, rest: &str, params: impl Params) -> rusqlite::Result<Vec<R>> {
        let sql = format!("SELECT {} FROM {} {rest}", self.selected(connection)?, self.name);
        let mut statement = connection.prepare(&sql)?;
        let rows = statement.query_map(params, |row| {
            let mut read = R::default();
            self.for_each(&mut read, |declared, field| field.read(row, declared.name))?;
            Ok(read)
        })?;
        rows.collect()
    }
}

/// A column as it is declared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declared {
    pub(super) name: &'static str,
    declaration: &'static str,
    /// What it is, in SQL, in a database that was made before there was this column; `None` if all databases have it.
    pub(super) default: Option<&'static str>,
}

impl Declared {
    fn new(name: &'static str, declaration: &'static str) -> Declared {
        Declared { name, declaration, default: None }
    }

    fn sql(&self) -> String {
        let default = self.default.map(|default| format!(" DEFAULT {default}")).unwrap_or_default();
        format!("{} {}{default}", self.name, self.declaration)
    }
}

pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) columns: Vec<Declared>,
    pub(super) primary_key: Option<&'static str>,
    pub(super) options: &'static str,
    /// Whether databases lack it that were made before there was this table.
    pub(super) is_later: bool,
}

impl Definition {
    /// A table without rowids that has this primary key.
    pub(super) fn without_rowid(
        name: &'static str,
        columns: &[(&'static str, &'static str)],
        primary_key: &'static str,
    ) -> Definition {
        let columns = columns.iter().map(|(name, declaration)| Declared::new(name, declaration)).collect();
        Definition { name, columns, primary_key: Some(primary_key), options: "STRICT, WITHOUT ROWID", is_later: false }
    }

    /// The names of the columns that the database's table lacks.
    pub(super) fn lacking(&self, connection: &Connection) -> rusqlite::Result<Vec<&'static str>> {
        let mut statement = connection.prepare_cached("SELECT name FROM pragma_table_info(?1)")?;
        let found = statement.query_map([self.name], |row| row.get(0))?;
        let found: Vec<String> = found.collect::<rusqlite::Result<_>>()?;
        let names = self.columns.iter().map(|column| column.name);
        Ok(names.filter(|name| !found.iter().any(|found| found == name)).collect())
    }

    /// The statements that add what the database lacks because it was made before there was this table, or these columns.
    pub(super) fn add_lacking(&self, connection: &Connection) -> rusqlite::Result<String> {
        let lacking = self.lacking(connection)?;
        if lacking.len() == self.columns.len() {
            return Ok(self.create() + ";");
        }
        let lacking = self.columns.iter().filter(|column| lacking.contains(&column.name));
        Ok(lacking.map(|column| format!("ALTER TABLE {} ADD COLUMN {};", self.name, column.sql())).collect())
    }

    pub(super) fn create(&self) -> String {
        let columns = self.columns.iter().map(Declared::sql);
        let key = self.primary_key.map(|key| format!("PRIMARY KEY ({key})"));
        let lines: Vec<String> = columns.chain(key).collect();
        format!("CREATE TABLE {} (\n  {}\n) {}", self.name, lines.join(",\n  "), self.options)
    }
}
