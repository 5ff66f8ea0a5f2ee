//! What is wrong with a profile, in words. A text of the profile is shown as far as one needs to find it.

use std::fmt::{Display, Formatter, Result};

use super::error::ProfileErrorKind;
use super::field_set::FieldSet;
use crate::core::finding::english::{beginning, quoted};
use crate::core::text::pattern::MOST_MEMORY_IN_ALL;
use crate::core::types::dates::{DatesFault, MOST_FORMATS, TODAY};
use crate::core::types::formats::FormatFault;

impl Display for ProfileErrorKind {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        use ProfileErrorKind::*;
        match self {
            Toml(message) => formatter.write_str(message),
            TooLong(most) => write!(formatter, "a profile file has at most {most} bytes, and this one has more"),
            CannotExtend(why) => formatter.write_str(why),
            Circle(files) => write!(formatter, "the files extend one another in a circle, or too many do: {files}"),
            UnknownHabit(known) => write!(formatter, "there is no such key here; the keys are {known}"),
            Empty => write!(formatter, "it must not be empty"),
            Nul => write!(formatter, "it must not contain NUL"),
            FieldCount(count) => {
                write!(formatter, "a profile has 1 to {} fields, and this one has {count}", FieldSet::CAPACITY)
            }
            RepeatedColumn(other) => {
                write!(
                    formatter,
                    "the field {} has the same name; names must differ in more than case",
                    beginning(other)
                )
            }
            ReservedColumn => write!(formatter, "every table of customers has a column of this name; choose another"),
            RealKey(column) => write!(
                formatter,
                "{} is stored as a real number, which identifies nothing; store it as text or minor (store)",
                beginning(column)
            ),
            ReservedTable(starts) => {
                write!(formatter, "names that begin with {starts} are reserved for other tables; choose another")
            }
            RepeatedName(name, other) => {
                write!(
                    formatter,
                    "the header {} also means the field {}; remove it from one of them",
                    quoted(name),
                    beginning(other)
                )
            }
            UnknownField(name, nearest) => {
                write!(formatter, "there is no field {}", quoted(name))?;
                nearest.iter().try_for_each(|near| write!(formatter, "; did you mean {near}?"))
            }
            NothingToDrop(name, nearest) => {
                write!(formatter, "the extended profile has no field or check {}", quoted(name))?;
                nearest.iter().try_for_each(|near| write!(formatter, "; did you mean {near}?"))
            }
            Dropped { name, key, file } => {
                write!(
                    formatter,
                    "{key} of {file} names {0}; change {key} here too, or do not drop {0}",
                    beginning(name)
                )
            }
            Habit(why) => formatter.write_str(why),
            Twice(name) => write!(formatter, "it names {} twice", beginning(name)),
            NothingBetween([low, high], [least, greatest]) => {
                write!(
                    formatter,
                    "{low} is {} and {high} is {}, so no value fits; change one of them",
                    beginning(least),
                    beginning(greatest)
                )
            }
            NoLetter => {
                write!(formatter, "it has no letter or digit, by which headers are compared; choose another name")
            }
            ReportName(column) => {
                write!(formatter, "reject reports have a column {column}, which means the same; choose another name")
            }
            RepeatedCheck => write!(formatter, "another check has this name; rename one of them"),
            ReplacesNothing => {
                write!(formatter, "it replaces an empty value, which is a missing one; use default for that")
            }
            UnlikeParent { key, column, value: Some(value) } => {
                let column = beginning(column);
                write!(formatter, "{column} has {key} = {value}, so no parent would be found; write the same here")
            }
            UnlikeParent { key, column, value: None } => {
                let column = beginning(column);
                write!(formatter, "{column} has no {key}, so no parent would be found; remove it here too")
            }
            DefaultParent => write!(
                formatter,
                "every record without a parent would get this one, and the parent itself, too; remove the default"
            ),
            OfOtherType { key, file, kind } if matches!(**kind, NoEffect { .. }) => {
                write!(formatter, "{key} of {file} has no effect on this type; drop the field and define it anew")
            }
            OfOtherType { key, file, kind } => write!(
                formatter,
                "{key} of {file} does not fit this type: {kind}; change {key} here too, or drop the field and define it anew"
            ),
            NoLength => write!(formatter, "no value has at most 0 characters; write a number from 1"),
            EmptyList => write!(formatter, "the list is empty; name something in it, or remove the key"),
            PartTwice(format) => {
                write!(formatter, "{} has one part of a date or time twice; remove one", quoted(format))
            }
            Alike(one, other) => {
                write!(
                    formatter,
                    "{} and {} are one word, for case does not count; remove one of them",
                    quoted(one),
                    quoted(other)
                )
            }
            SameHeader(one, other) => {
                write!(
                    formatter,
                    "{} and {} are one header, for only letters and digits count; remove one",
                    quoted(one),
                    quoted(other)
                )
            }
            DefaultNotListed(default) => write!(
                formatter,
                "{} is no value that `values` stores, and \"*\" rejects all others; add it there",
                quoted(default)
            ),
            KeyKept => write!(
                formatter,
                "this field is the key, and an invalid key cannot identify a customer; remove on_invalid"
            ),
            NoChoices => write!(formatter, "a choice needs at least one word"),
            NotANumber(text) => write!(formatter, "{} is no number that this type can have", quoted(text)),
            NotAMark(mark) => write!(formatter, "{mark:?} cannot stand there in a number"),
            MinorWithoutScale => write!(formatter, "a number in its smallest units needs a scale, such as scale = 2"),
            TooManyDecimals(most) => write!(formatter, "a number has at most {most} decimals"),
            Dates(fault) => dates(fault, formatter),
            Pattern(why) => write!(formatter, "it is no regular expression: {why}"),
            LargePatterns => write!(
                formatter,
                "with this pattern, the patterns of the profile take more than {} MiB together; repeat less, as in a{{1,20}}, \
                 or write [A-Za-z0-9_] for \\w",
                MOST_MEMORY_IN_ALL >> 20
            ),
            BreaksRules(how) => write!(formatter, "it breaks the field's own rules: {how}"),
            TooManyCharacters(most) => write!(formatter, "it has at most {most} characters, and this one has more"),
            ControlCharacter => write!(formatter, "it must not contain a control character"),
            MeansNothing(text) => write!(
                formatter,
                "{} means that there is no value, so it cannot be stored; write another",
                quoted(text)
            ),
            NotReject(word) => {
                write!(formatter, "\"*\" stands for all other values, and can only be \"reject\", not {}", quoted(word))
            }
            NoToday => write!(formatter, "which day is today is unknown: the options have no `now`"),
            NumberKept => write!(
                formatter,
                "an invalid value is no number, and this field is stored as one; write clear, or remove on_invalid"
            ),
            OnInvalid(why) => write!(formatter, "invalid values of this field can only be rejected: {why}"),
            Schema(why) => formatter.write_str(why),
            CheckCount(count, most) => write!(formatter, "there are at most {most} checks, and here are {count}"),
            ParentInRule(link) => {
                write!(
                    formatter,
                    "a rule cannot name the parent's ID, which is found later; name {} instead",
                    beginning(link)
                )
            }
            Rule(error, nearest) => {
                write!(formatter, "{error}")?;
                nearest.iter().try_for_each(|near| write!(formatter, "; did you mean {near}?"))
            }
            NoEffect { only_for } => write!(formatter, "it has no effect on this type; it is for {only_for}"),
            SecondReference(other) => {
                write!(
                    formatter,
                    "a customer has one parent, and the field {} refers to it; remove one of them",
                    beginning(other)
                )
            }
            ReferenceToId => {
                write!(
                    formatter,
                    "records do not say which ID their parent gets; name the field that has the parent's own value"
                )
            }
            ReferenceToItself => {
                write!(formatter, "it names its own field; name the field in which the parent's value stands")
            }
            ParentIdType => {
                write!(formatter, "the IDs of parents are stored in this field, so its type must be integer")
            }
            ListLength(count, wanted) => write!(formatter, "{wanted} allowed, and there are {count}"),
        }
    }
}

fn dates(fault: &DatesFault, out: &mut Formatter<'_>) -> Result {
    match fault {
        DatesFault::TooMany => write!(out, "a field has at most {MOST_FORMATS} formats"),
        DatesFault::Format(fault) => format(fault, out),
        DatesFault::NoSuchZone(name) => {
            write!(out, "there is no time zone {}; write it like Europe/Berlin", quoted(name))
        }
        DatesFault::NotADate(text) => {
            write!(out, "{} is neither a day such as 2000-01-31 nor \"{TODAY}\"", quoted(text))
        }
    }
}

fn format(fault: &FormatFault, out: &mut Formatter<'_>) -> Result {
    match fault {
        FormatFault::NotAFormat(format) => {
            write!(out, "{} is no format; write it with %d, %m, %Y and the like, as for strftime", quoted(format))
        }
        FormatFault::ZoneName(format) => {
            write!(
                out,
                "{} has %Z, but names of zones are not read; use %z for an offset, or the key time_zone",
                quoted(format)
            )
        }
        FormatFault::NotADay(format) => {
            write!(out, "{} does not say which day it is; it needs a day, a month and a year", quoted(format))
        }
        FormatFault::Lacks(format, part) => write!(out, "{} has a part of a time, but lacks {part}", quoted(format)),
        FormatFault::Ambiguous { text, one, other } => {
            write!(out, "{text} can be {one} or {other}, so the formats are ambiguous; leave out one of them")
        }
    }
}
