"""`python -m deploy.grafana`: write the dashboards, which are committed, out of their code."""

from __future__ import annotations

from deploy.grafana.boards import written

if __name__ == "__main__":
    for file, text in written().items():
        file.write_text(text)
        print(file)
