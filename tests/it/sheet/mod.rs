//! Spreadsheets read through a child process, good ones and hostile ones.

mod damage;
mod files;
mod fuzz;
mod hostile;
mod kinds;
mod parent;
mod reading;
mod values;
mod whole;
