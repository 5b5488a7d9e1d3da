"""The short lists TheTVDB numbers things by."""

from __future__ import annotations

SEASON_TYPES = {
    "official": (1, "Aired Order"),
    "dvd": (2, "DVD Order"),
    "absolute": (3, "Absolute Order"),
    "alternate": (4, "Alternate Order"),
    "regional": (5, "Regional Order"),
}
SERIES_STATUSES = {"Continuing": 1, "Ended": 2, "Upcoming": 3}
MOVIE_STATUSES = {"Announced": 1, "Pre-Production": 2, "Filming / Post-Production": 3, "Completed": 4, "Released": 5}
PEOPLE_TYPES = {
    "Director": 1,
    "Writer": 2,
    "Actor": 3,
    "Guest Star": 4,
    "Crew": 5,
    "Creator": 6,
    "Producer": 7,
    "Showrunner": 8,
    "Musical Guest": 9,
    "Host": 10,
    "Executive Producer": 11,
}
COMPANY_TYPES = {1: "Network", 2: "Studio", 3: "Production Company", 4: "Distributor", 5: "Special Effects"}
COMPANY_LISTS = {2: "studio", 1: "network", 3: "production", 4: "distributor", 5: "special_effects"}
SOURCES = {
    2: "IMDB",
    3: "TMS (Zap2It)",
    4: "Official Website",
    10: "TheMovieDB.com",
    12: "TheMovieDB.com",
    13: "EIDR",
    15: "TheMovieDB.com",
    18: "Wikidata",
    19: "TV Maze",
}
GENRES = {
    "Soap": 1,
    "Science Fiction": 2,
    "Reality": 3,
    "News": 4,
    "Mini-Series": 5,
    "Horror": 6,
    "Home and Garden": 7,
    "Game Show": 8,
    "Food": 9,
    "Fantasy": 10,
    "Family": 11,
    "Drama": 12,
    "Documentary": 13,
    "Crime": 14,
    "Comedy": 15,
    "Children": 16,
    "Animation": 17,
    "Adventure": 18,
    "Action": 19,
    "Sport": 21,
    "Suspense": 22,
    "Talk Show": 23,
    "Thriller": 24,
    "Travel": 25,
    "Western": 26,
    "Anime": 27,
    "Romance": 28,
    "Musical": 29,
    "Podcast": 30,
    "Mystery": 31,
    "Indie": 32,
    "History": 33,
    "War": 34,
    "Martial Arts": 35,
    "Awards Show": 36,
}
ARTWORK_TYPES = (
    (1, "Banner", "series", "banners", 758, 140),
    (2, "Poster", "series", "posters", 680, 1000),
    (3, "Background", "series", "backgrounds", 1920, 1080),
    (6, "Banner", "season", "banners", 758, 140),
    (7, "Poster", "season", "posters", 680, 1000),
    (8, "Background", "season", "backgrounds", 1920, 1080),
    (11, "16:9 Screencap", "episode", "screencap", 640, 360),
    (12, "4:3 Screencap", "episode", "screencap", 640, 480),
    (13, "Photo", "actor", "photo", 300, 450),
    (14, "Poster", "movie", "posters", 680, 1000),
    (15, "Background", "movie", "backgrounds", 1920, 1080),
)
"""Id, name, record it belongs to, word in addresses, width and height in pixels."""
COUNTRIES = {
    "usa": "United States of America",
    "nor": "Norway",
    "jpn": "Japan",
    "deu": "Germany",
    "gbr": "Great Britain",
}
