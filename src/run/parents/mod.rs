mod ids;
mod records;
mod resolve;
