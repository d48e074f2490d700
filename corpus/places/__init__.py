"""Where something is: the prefectures, municipalities and wards of Japan, addresses and areas of activity."""
