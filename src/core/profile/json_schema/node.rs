//! A JSON value whose members keep their order, which is that of the columns: [`Node`].

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    Flag(bool),
    /// A number as it is printed.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// The member of an object.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.members().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(super) fn members(&self) -> &[(String, Node)] {
        if let Node::Object(members) = self { members } else { &[] }
    }

    pub(super) fn items(&self) -> &[Node] {
        if let Node::List(items) = self { items } else { &[] }
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Node::Text(text) = self { Some(text) } else { None }
    }

    /// The value of a text, number or flag as a profile has it.
    pub(super) fn scalar(&self) -> Option<String> {
        match self {
            Node::Text(text) | Node::Number(text) => Some(text.clone()),
            Node::Flag(flag) => Some(flag.to_string()),
            Node::Null | Node::List(_) | Node::Object(_) => None,
        }
    }

    /// The types that the value of `type` names but null, and whether that is one.
    pub(super) fn types(&self) -> (Vec<&str>, bool) {
        let all: Vec<&str> = self.text().into_iter().chain(self.items().iter().filter_map(Node::text)).collect();
        let allows_null = all.contains(&"null");
        (all.into_iter().filter(|name| *name != "null").collect(), allows_null)
    }

    /// The value that a JSON pointer leads to.
    pub(super) fn at(&self, pointer: &str) -> Option<&Node> {
        let mut steps = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
        steps.try_fold(self, |node, step| match node {
            Node::List(items) => items.get(step.parse::<usize>().ok()?),
            node => node.get(&step),
        })
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(Values)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Node;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Node, E> {
        Ok(Node::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Number(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Number(number.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let (mut object, mut names) = (Vec::new(), HashSet::new());
        while let Some((name, value)) = members.next_entry::<String, Node>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("the name {name:?} stands twice in an object")));
            }
            object.push((name, value));
        }
        Ok(Node::Object(object))
    }
}
