//! Findings and facts become one document, and the document HTML, Markdown or JSON.
